//! HTTP/1.1, a request at a time on each connection.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use super::{Load, joined};
use crate::{Result, server::Address};

/// A POST of JSON to `/mcp` as bytes.
pub(crate) fn post(port: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         {headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) session: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// A connection with what it has read of the next answer.
pub(crate) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    filled: usize,
}

/// How the end of a body is known.
#[derive(Clone, Copy)]
enum Body {
    Length(usize),
    Chunked,
}

/// What the head of an answer says.
struct Head {
    status: u16,
    session: Option<String>,
    length: usize,
    body: Body,
}

impl Connection {
    pub(crate) async fn open(address: &Address) -> Result<Self> {
        let Address::Port(port) = address else {
            return Err("the server has no port".into());
        };
        let stream = TcpStream::connect(("127.0.0.1", *port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            input: vec![0; 16 << 10],
            filled: 0,
        })
    }

    /// One request; the answer is in the input up to the length that is returned, after its head.
    async fn exchange(&mut self, request: &[u8]) -> Result<(Head, usize)> {
        self.stream.write_all(request).await?;
        self.filled = 0;
        let head = loop {
            self.read().await?;
            if let Some(head) = head(&self.input[..self.filled])? {
                break head;
            }
        };
        match head.body {
            Body::Length(length) => {
                while self.filled < head.length + length {
                    self.read().await?;
                }
            }
            Body::Chunked => {
                while !self.input[head.length..self.filled].ends_with(b"\r\n0\r\n\r\n")
                    && &self.input[head.length..self.filled] != b"0\r\n\r\n"
                {
                    self.read().await?;
                }
            }
        }
        let end = self.filled;
        Ok((head, end))
    }

    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<Answer> {
        let (head, end) = self.exchange(request).await?;
        Ok(Answer {
            status: head.status,
            session: head.session,
            body: self.input[head.length..end].to_vec(),
        })
    }

    async fn read(&mut self) -> Result<()> {
        if self.filled == self.input.len() {
            self.input.resize(2 * self.filled, 0);
        }
        match self.stream.read(&mut self.input[self.filled..]).await? {
            0 => Err("the server closed the connection".into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}

/// The head of an answer, if it is there as a whole.
fn head(input: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(input)? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let (mut body, mut session) = (Body::Length(0), None);
    for header in response.headers.iter() {
        let value = || std::str::from_utf8(header.value);
        if header.name.eq_ignore_ascii_case("content-length") {
            body = Body::Length(value()?.parse()?);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            body = Body::Chunked;
        } else if header.name.eq_ignore_ascii_case("mcp-session-id") {
            session = Some(value()?.to_owned());
        }
    }
    Ok(Some(Head {
        status,
        session,
        length,
        body,
    }))
}

/// One request on a connection of its own.
pub(crate) fn once(address: &Address, request: &[u8]) -> Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async { Connection::open(address).await?.call(request).await })
}

/// A request at a time on each of several connections, which share this thread.
pub(crate) fn connections(
    address: &Address,
    request: &[u8],
    connections: usize,
    sample: Duration,
) -> Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(address).await?);
        }
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for mut connection in open {
            let request = request.to_vec();
            tasks.spawn(async move {
                let mut calls = 0_u64;
                while started.elapsed() < sample {
                    let (head, _) = connection.exchange(&request).await?;
                    if head.status != 200 {
                        return Err(format!("status {}", head.status).into());
                    }
                    calls += 1;
                }
                Ok(calls)
            });
        }
        joined(started, tasks).await
    })
}
