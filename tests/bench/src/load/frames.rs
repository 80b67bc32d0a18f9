//! Frames on a Unix socket.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

use super::{Load, joined, until};
use crate::Result;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message with its length before it.
pub(crate) fn frame(message: &[u8]) -> Result<Vec<u8>> {
    let mut frame = u32::try_from(message.len())?.to_be_bytes().to_vec();
    frame.extend_from_slice(message);
    Ok(frame)
}

/// How long the first frame in `input` is, if it is there as a whole.
pub(crate) fn complete(input: &[u8]) -> Option<usize> {
    let (length, rest) = input.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    (rest.len() >= length).then_some(4 + length)
}

/// One connection, on which this thread waits for its answers.
pub(crate) struct Connection {
    stream: UnixStream,
    input: Vec<u8>,
    filled: usize,
}

impl Connection {
    pub(crate) fn open(socket: &Path) -> Result<Self> {
        Self::with_buffer(socket, 256 << 10)
    }

    /// One of very many.
    pub(crate) fn small(socket: &Path) -> Result<Self> {
        Self::with_buffer(socket, 1 << 10)
    }

    fn with_buffer(socket: &Path, size: usize) -> Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            input: vec![0; size],
            filled: 0,
        })
    }

    /// One call: the message of the answer.
    pub(crate) fn call(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request)?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if self.input.len() < length {
            self.input.resize(length, 0);
        }
        let answer = &mut self.input[..length];
        self.stream.read_exact(answer)?;
        Ok(answer)
    }

    /// One call, whose answer is only looked at for its length.
    fn ping(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request)?;
        let mut needed = None;
        let mut filled = 0;
        while needed.is_none_or(|needed| filled < needed) {
            let read = self.stream.read(&mut self.input[filled..])?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            filled += read;
            if let Some(length) = self.input[..filled].first_chunk::<4>() {
                let length = 4 + u32::from_be_bytes(*length) as usize;
                if self.input.len() < length {
                    self.input.resize(length, 0);
                }
                needed = Some(length);
            }
        }
        Ok(())
    }

    /// A call at a time, until the time is over.
    pub(crate) fn ping_pong(&mut self, request: &[u8], sample: Duration) -> Result<Load> {
        until(sample, || {
            for _ in 0..16 {
                self.ping(request)?;
            }
            Ok(16)
        })
    }

    /// Keeps all of `requests`, which are in envelopes, in flight: each answer is followed by the request with its id.
    pub(crate) fn window(&mut self, requests: &[Vec<u8>], sample: Duration) -> Result<Load> {
        self.filled = 0;
        self.stream.write_all(&requests.concat())?;
        let mut output = Vec::new();
        let mut in_flight = requests.len() as u64;
        let load = until(sample, || {
            let answered = self.answers(requests, &mut output)?;
            self.stream.write_all(&output)?;
            Ok(answered)
        })?;
        // What is in flight would be in the way of the next sample.
        while in_flight > 0 {
            in_flight = in_flight.saturating_sub(self.answers(requests, &mut output)?);
        }
        Ok(load)
    }

    /// The answers that one read brings; what follows them is put into `output`.
    fn answers(&mut self, requests: &[Vec<u8>], output: &mut Vec<u8>) -> Result<u64> {
        output.clear();
        let read = self.stream.read(&mut self.input[self.filled..])?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        self.filled += read;
        let (mut at, mut answered) = (0, 0);
        while let Some(length) = complete(&self.input[at..self.filled]) {
            let id = answer_id(&self.input[at + 4..at + length])?;
            output.extend_from_slice(requests.get(id - 1).ok_or("an answer to nothing")?);
            at += length;
            answered += 1;
        }
        self.input.copy_within(at..self.filled, 0);
        self.filled -= at;
        Ok(answered)
    }
}

/// A request in an envelope; `id` is below 128.
pub(crate) fn envelope(id: u8, request: &[u8]) -> Result<Vec<u8>> {
    const REQUEST_ID: u8 = 6 << 3;
    const INVOKE_HOOK: u8 = (7 << 3) | 2;
    let mut message = vec![REQUEST_ID, id, INVOKE_HOOK];
    prost::encoding::encode_varint(request.len() as u64, &mut message);
    message.extend_from_slice(request);
    frame(&message)
}

/// The id of an envelope of ours, which is its first field and below 128.
fn answer_id(message: &[u8]) -> Result<usize> {
    match message {
        [48, id, ..] if (1..128).contains(id) => Ok(usize::from(*id)),
        _ => Err("an answer without the id of its request".into()),
    }
}

/// Calls at a time on each of several connections, which share this thread.
pub(crate) fn connections(
    socket: &Path,
    request: &[u8],
    connections: usize,
    sample: Duration,
) -> Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut streams = Vec::new();
        for _ in 0..connections {
            streams.push(tokio::net::UnixStream::connect(socket).await?);
        }
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for mut stream in streams {
            let request = request.to_vec();
            tasks.spawn(async move {
                let mut input = vec![0; request.len() + (64 << 10)];
                let mut calls = 0_u64;
                while started.elapsed() < sample {
                    stream.write_all(&request).await?;
                    let mut filled = 0;
                    while complete(&input[..filled]).is_none() {
                        let read = stream.read(&mut input[filled..]).await?;
                        if read == 0 {
                            return Err("the server closed a connection, or its answer is too large".into());
                        }
                        filled += read;
                    }
                    calls += 1;
                }
                Ok(calls)
            });
        }
        joined(started, tasks).await
    })
}
