//! Whether a server speaks HTTP/2, known before a call is sent to it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::oneshot,
};

use crate::{host::connect::is_refusal, server::listener::Duplex};

/// The head of a frame of HTTP/2. The first one of a server is its settings.
const FRAME_HEAD: usize = 9;
const SETTINGS: u8 = 4;

/// How an alert of TLS begins, which is what a server that wants TLS makes of anything else.
const ALERT: [u8; 2] = [21, 3];

/// A stream that tells what the server said first.
pub(super) struct Greeted {
    stream: Box<dyn Duplex>,
    seen: Vec<u8>,
    greeting: Option<oneshot::Sender<Result<(), String>>>,
}

impl Greeted {
    /// The stream, and what comes of the greeting.
    pub(super) fn new(stream: Box<dyn Duplex>) -> (Self, oneshot::Receiver<Result<(), String>>) {
        let (greeting, greeted) = oneshot::channel();
        let stream = Self {
            stream,
            seen: Vec::with_capacity(FRAME_HEAD),
            greeting: Some(greeting),
        };
        (stream, greeted)
    }

    fn tell(&mut self, what: Result<(), String>) {
        if let Some(greeting) = self.greeting.take() {
            // Nobody waits any more when connecting took too long.
            let _ = greeting.send(what);
        }
    }

    fn look(&mut self, read: &[u8]) {
        if read.is_empty() {
            return self.tell(Err(
                "the server closed the connection before it said anything".to_owned()
            ));
        }
        let missing = FRAME_HEAD - self.seen.len();
        self.seen.extend(&read[..missing.min(read.len())]);
        // An alert is shorter than that.
        if self.seen.len() < FRAME_HEAD && !self.seen.starts_with(&ALERT) {
            return;
        }
        let what = match self.seen.as_slice() {
            [_, _, _, SETTINGS, _, 0, 0, 0, 0] => Ok(()),
            [b'H', b'T', b'T', b'P', b'/', ..] => {
                Err("an HTTP server without gRPC listens there: check the port".to_owned())
            }
            seen if seen.starts_with(&ALERT) => {
                Err("the server wants TLS: add the section grpc.tls".to_owned())
            }
            _ => Err("what listens there does not speak gRPC: check the port".to_owned()),
        };
        self.tell(what);
    }
}

impl AsyncRead for Greeted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        if self.greeting.is_some() {
            match &read {
                Ok(()) => self.look(&buffer.filled()[before..]),
                Err(error) => {
                    let what = is_refusal(error).unwrap_or_else(|| error.to_string());
                    self.tell(Err(what));
                }
            }
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
