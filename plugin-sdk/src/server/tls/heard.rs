//! Clients that leave without a word once the handshake is made.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::HandshakeFailure;

/// A stream that reports a client which leaves before it has said anything. The hosts' gRPC library compares the name in the
/// server's certificate only after the handshake, and then just leaves.
pub(crate) struct Heard<S, P: fmt::Display> {
    stream: S,
    silent: Option<P>,
}

impl<S, P: fmt::Display> Heard<S, P> {
    /// A stream whose handshake was made with `peer`.
    pub(crate) fn new(stream: S, peer: P) -> Self {
        Self {
            stream,
            silent: Some(peer),
        }
    }
}

impl<S, P: fmt::Display> Heard<S, P> {
    /// The client has gone without a word.
    fn left(&mut self) {
        if let Some(peer) = self.silent.take() {
            HandshakeFailure::Abandoned.record(
                &peer,
                &"the client left once it was made, without a word; if it is a gateway, it does not accept this server's \
                  certificate: certfile must name the host that it connects to",
            );
        }
    }

    /// What the server writes first, such as the settings of HTTP/2, may be what finds out that the client has gone.
    fn wrote<T>(&mut self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(polled, Poll::Ready(Err(_))) {
            self.left();
        }
        polled
    }
}

impl<S: AsyncRead + Unpin, P: fmt::Display + Unpin> AsyncRead for Heard<S, P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if polled.is_ready() {
            if buffer.filled().len() == before {
                self.left();
            }
            self.silent = None;
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin, P: fmt::Display + Unpin> AsyncWrite for Heard<S, P> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.wrote(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
