#![doc = include_str!("../README.md")]
//!
//! # Why no other field can change
//!
//! Fields refer to each other by indices into a table that both sides keep (HPACK, RFC 7541). The client's table holds its authorities, the
//! server's does not:
//!
//! - Each field named `:authority` becomes the literal `:authority: localhost` *without indexing*: a literal of the client in whatever
//!   form, or an index of one. A literal that the client inserts into its table is so never inserted into the server's.
//! - Each other field stays, and is inserted where the client inserts it. Its index at the server is the client's index less the
//!   authorities that were inserted after it.
//!
//! By section 4 of the RFC, a table is at all times a run of the newest insertions: insertion adds the newest, eviction takes the oldest, and
//! a field larger than the table leaves the empty run. Without the authorities, the fields of any run have no larger size, and the
//! maximum is the same on both sides, as changes of it pass. So the server holds every field other than an authority that the client
//! holds. It may hold older ones, which the client never refers to.
//!
//! To count, it is enough to know of the last 128 insertions which were authorities. A field takes at least 32 bytes, so a table of 4096
//! bytes, which `h2` announces unless told otherwise, has no more.
//!
//! The header blocks of a client are written again, in frames without padding and priority. All other frames pass. A client that
//! breaks the rules of HTTP/2 is refused by the server: it reads what breaks them, or a block that no server takes, and after that nothing.

mod block;
mod frames;

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::frames::Frames;

/// A connection from an HTTP/2 client; the authority of each request read from it is `localhost`.
///
/// What is written to it passes unchanged.
#[derive(Debug)]
pub struct ValidAuthority<S> {
    stream: S,
    frames: Frames,
}

impl<S> ValidAuthority<S> {
    /// Wraps an accepted stream of which nothing has been read yet.
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            frames: Frames::new(),
        }
    }

    /// The stream, for example to ask for the credentials of the client.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ValidAuthority<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let output = self.frames.output();
            if !output.is_empty() {
                let length = output.len().min(buffer.remaining());
                buffer.put_slice(&output[..length]);
                output.advance(length);
                return Poll::Ready(Ok(()));
            }
            if self.frames.is_at_end() || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            let read = &buffer.filled()[before..];
            if read.is_empty() {
                self.frames.finish();
                continue;
            }
            let passed = self.frames.take(read);
            buffer.set_filled(before + passed);
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ValidAuthority<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(feature = "tonic")]
impl<S: tonic::transport::server::Connected> tonic::transport::server::Connected for ValidAuthority<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}
