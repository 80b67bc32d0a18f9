//! A Unix socket that carries frames: what was read of it and not taken, what is still to be written, and when it last got on. The
//! server and the host half have the same, and wait for it each in its own way.

use std::{
    io::{self, IoSlice, Read, Write},
    pin::pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::UnixStream,
    time::Instant,
};

use crate::protocol::frame::{self, Frames, Front};

/// Bytes read at once where one message comes at a time, and where many do.
const READ_SIZE: usize = 16 * 1024;
const READ_SIZE_OF_MANY: usize = 64 * 1024;

/// A message of at least this size goes to the socket without a copy.
const WRITTEN_AT_ONCE: usize = 16 * 1024;

/// A buffer that grew larger than this is given back once it is empty.
const KEPT_CAPACITY: usize = 1024 * 1024;

/// A socket with its buffers and its clock.
pub(crate) struct Framed {
    pub(crate) stream: UnixStream,
    pub(crate) input: Input,
    pub(crate) output: Output,
    /// When the last message was complete, as far as its reader notes that, or the last part of one was written.
    pub(crate) last_progress: Instant,
}

impl Framed {
    /// A socket whose messages have at most this number of bytes.
    pub(crate) fn new(stream: UnixStream, max_message_size: usize) -> Self {
        Self {
            stream,
            input: Input {
                frames: Frames::new(max_message_size),
                buffer: BytesMut::new(),
                read_size: READ_SIZE,
                at_end: false,
            },
            output: Output::default(),
            last_progress: Instant::now(),
        }
    }

    /// Reads what arrives. Gives whether there was anything; if not, it may be the end.
    pub(crate) fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.input.poll_read(&mut self.stream, task)
    }

    /// Reads what arrives, if it may, or waits until more can be written, if anything is to be.
    pub(crate) fn poll_either(&mut self, task: &mut Context<'_>, may_read: bool) -> Poll<io::Result<()>> {
        if may_read && !self.input.at_end {
            let read = self.poll_read(task)?;
            if read.is_ready() {
                return Poll::Ready(Ok(()));
            }
        }
        if self.output.is_empty() {
            return Poll::Pending;
        }
        self.stream.poll_write_ready(task)
    }

    /// Reads what the socket has right now, whatever the runtime knows of it. Gives whether there was anything.
    pub(crate) fn read_now(&mut self) -> io::Result<bool> {
        let mut some = [0; 4096];
        let read = (&*SockRef::from(&self.stream)).read(&mut some);
        let bytes = some.get(..*read.as_ref().unwrap_or(&0)).unwrap_or_default();
        self.input.room().put_slice(bytes);
        self.input.note(read)
    }

    /// Adds a message to what is to be written, before which there is nothing. A large one goes to the socket from where it is.
    pub(crate) fn put(&mut self, message: impl Into<Bytes> + AsRef<[u8]>) -> io::Result<()> {
        debug_assert!(
            self.output.is_empty(),
            "a large message would overtake what is to be written"
        );
        let size = message.as_ref().len();
        if size < WRITTEN_AT_ONCE {
            frame::put(self.output.buffer(), message.as_ref());
            return Ok(());
        }
        let prefix = frame::prefix(size);
        let both = [IoSlice::new(&prefix), IoSlice::new(message.as_ref())];
        let written = match self.stream.try_write_vectored(&both) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(error) if is_for_later(&error) => 0,
            Err(error) => return Err(error),
        };
        if written < prefix.len() {
            self.output.buffer().put_slice(&prefix[written..]);
            self.output.buffer().put_slice(message.as_ref());
        } else {
            let mut rest = message.into();
            rest.advance(written - prefix.len());
            self.output.0 = rest.try_into_mut().unwrap_or_else(|rest| rest[..].into());
        }
        if written > 0 {
            self.last_progress = Instant::now();
        }
        Ok(())
    }

    /// Writes what the socket takes, and gives whether no more than this number of bytes is left.
    pub(crate) fn write(&mut self, held_back: usize) -> io::Result<bool> {
        if self.output.write(&self.stream, held_back)? {
            self.last_progress = Instant::now();
        }
        Ok(self.output.len() <= held_back)
    }

    /// Whether the other side, which sends nothing more, does not read either. A write of nothing fails then.
    pub(crate) fn is_gone(&self) -> bool {
        (&*SockRef::from(&self.stream)).write(&[]).is_err()
    }
}

/// What was read and not taken.
pub(crate) struct Input {
    frames: Frames,
    buffer: BytesMut,
    read_size: usize,
    at_end: bool,
}

impl Input {
    /// From now on many messages come at one time.
    pub(crate) fn expect_many(&mut self) {
        self.read_size = READ_SIZE_OF_MANY;
    }

    /// The size that messages have at the most.
    pub(crate) fn max_message_size(&self) -> usize {
        self.frames.limit()
    }

    /// Takes the next message, if it is there.
    pub(crate) fn take(&mut self) -> Front {
        self.frames.take(&mut self.buffer)
    }

    /// Whether nothing follows what was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether a message has begun that is not complete.
    pub(crate) fn is_inside(&self) -> bool {
        self.frames.is_inside(&self.buffer)
    }

    /// Whether the other side has sent all that it will send.
    pub(crate) fn at_end(&self) -> bool {
        self.at_end
    }

    /// Reads what arrives on the stream that this was read from. Gives whether there was anything; if not, it may be the end.
    pub(crate) fn poll_read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        task: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let read = ready!(pin!(stream.read_buf(self.room())).poll(task));
        Poll::Ready(self.note(read))
    }

    fn room(&mut self) -> &mut BytesMut {
        give_back(&mut self.buffer);
        // The length in front of a frame reserves nothing: the buffer grows with what has really arrived.
        self.buffer.reserve(self.read_size);
        &mut self.buffer
    }

    fn note(&mut self, read: io::Result<usize>) -> io::Result<bool> {
        match read {
            Ok(0) => {
                self.at_end = true;
                Ok(false)
            }
            Ok(_) => Ok(true),
            Err(error) if is_for_later(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What is still to be written.
#[derive(Default)]
pub(crate) struct Output(BytesMut);

impl Output {
    /// Where frames are put.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets it.
    pub(crate) fn clear(&mut self) {
        self.0 = BytesMut::new();
    }

    /// Writes what the socket takes, of all but this number of bytes. Gives whether that was anything.
    pub(crate) fn write(&mut self, stream: &UnixStream, held_back: usize) -> io::Result<bool> {
        let before = self.0.len();
        while let Some(now @ 1..) = self.0.len().checked_sub(held_back) {
            match stream.try_write(&self.0[..now]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.0.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        give_back(&mut self.0);
        Ok(self.0.len() < before)
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Gives back a buffer that grew large, once nothing is in it. Its capacity alone does not tell: what was taken from its front is
/// no part of that, and is still there.
fn give_back(buffer: &mut BytesMut) {
    if buffer.is_empty() && buffer.try_reclaim(KEPT_CAPACITY + 1) {
        *buffer = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_large_buffer_is_given_back_and_only_when_it_is_empty() {
        let filled = |size| {
            let mut buffer = BytesMut::with_capacity(size);
            buffer.resize(size, 7);
            buffer
        };
        let kept = |mut buffer: BytesMut| {
            give_back(&mut buffer);
            buffer.try_reclaim(1)
        };
        let mut written = filled(KEPT_CAPACITY + 1);
        assert!(kept(BytesMut::with_capacity(1024)));
        written.advance(KEPT_CAPACITY);
        let rest = written.clone();
        give_back(&mut written);
        assert_eq!(written, rest);
        written.advance(1);
        assert!(!kept(written));

        let mut read = filled(KEPT_CAPACITY + 1);
        drop(read.split());
        assert!(!kept(read));
        let mut read = filled(1024);
        drop(read.split());
        assert!(kept(read));
    }
}
