//! Clients that leave without a word once the handshake is made.

use std::{
    fmt, io,
    task::{Context, Poll},
};

use super::HandshakeFailure;
use crate::stream::watched::Watch;

/// Reports a client that leaves before it has said anything. The hosts' gRPC library compares the name in the server's
/// certificate only after the handshake, and then just leaves.
pub(crate) struct Heard<P: fmt::Display> {
    silent: Option<P>,
}

impl<P: fmt::Display> Heard<P> {
    /// Listens for the first word of `peer`.
    pub(crate) fn new(peer: P) -> Self {
        Self { silent: Some(peer) }
    }

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
}

impl<P: fmt::Display + Unpin> Watch for Heard<P> {
    fn read(
        &mut self,
        _: &mut Context<'_>,
        polled: Poll<io::Result<()>>,
        bytes: &[u8],
    ) -> Poll<io::Result<()>> {
        if polled.is_ready() {
            if bytes.is_empty() {
                self.left();
            }
            self.silent = None;
        }
        polled
    }

    /// What the server writes first, such as the settings of HTTP/2, may be what finds out that the client has gone.
    fn wrote<T>(&mut self, _: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(polled, Poll::Ready(Err(_))) {
            self.left();
        }
        polled
    }
}
