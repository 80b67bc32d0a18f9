//! A stream, and somebody who looks at what passes.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Looks at what passes on a stream, and says what becomes of it.
pub(crate) trait Watch: Unpin {
    /// These bytes were read: none at the end, or where it failed, or must wait.
    fn read(
        &mut self,
        task: &mut Context<'_>,
        polled: Poll<io::Result<()>>,
        bytes: &[u8],
    ) -> Poll<io::Result<()>>;

    /// Something was written, or flushed, or shut down; or it failed, or must wait.
    fn wrote<T>(&mut self, _: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        polled
    }
}

/// A stream that is watched.
pub(crate) struct Watched<S, W> {
    stream: S,
    watch: W,
}

impl<S, W> Watched<S, W> {
    pub(crate) fn new(stream: S, watch: W) -> Self {
        Self { stream, watch }
    }
}

impl<S: AsyncRead + Unpin, W: Watch> AsyncRead for Watched<S, W> {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, watch } = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(stream).poll_read(task, buffer);
        watch.read(task, polled, buffer.filled().get(before..).unwrap_or_default())
    }
}

impl<S: AsyncWrite + Unpin, W: Watch> AsyncWrite for Watched<S, W> {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, watch } = self.get_mut();
        let polled = Pin::new(stream).poll_write(task, bytes);
        watch.wrote(task, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, watch } = self.get_mut();
        let polled = Pin::new(stream).poll_flush(task);
        watch.wrote(task, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, watch } = self.get_mut();
        let polled = Pin::new(stream).poll_shutdown(task);
        watch.wrote(task, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, watch } = self.get_mut();
        let polled = Pin::new(stream).poll_write_vectored(task, slices);
        watch.wrote(task, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
