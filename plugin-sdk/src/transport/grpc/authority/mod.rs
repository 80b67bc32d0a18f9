//! Makes the `:authority` of Python hosts one that the HTTP/2 server takes.
//!
//! For `unix:///run/plugins/p.sock` a Python host sends the authority `run%2Fplugins%2Fp.sock` ([protocol, section
//! 2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#2-protobuf-and-grpc)). The `h2`
//! crate refuses a percent sign there and resets the stream before any handler runs, and neither side has a setting for
//! it. [`ValidAuthority`] stands between the accepted stream and the server, and changes the bytes of every
//! `:authority` that the client sends. On a Unix socket an authority names nothing, and no handler reads it.
//!
//! # Why this is sound
//!
//! **What changes.** Only the bytes of the value of a literal field named `:authority`, in place: each string keeps its length on
//! the wire, so lengths, frames, flags and padding stay as they are, nothing is buffered, and every byte read is handed on at
//! once. A plain value gets `-` for each byte that is not a letter, a digit or one of `-._~`. A Huffman-coded value is
//! overwritten with as many bytes of code for a text made of `~` (see `huffman`).
//!
//! **Indexed fields need nothing.** The server's dynamic table is filled from the literals it reads, so an entry that an index
//! refers to has been changed before it was inserted.
//!
//! **Both tables agree.** Let *e₁, e₂, …* be the literals with incremental indexing, in order. By RFC 7541, section 4, a dynamic
//! table is at all times a run of the newest of them: insertion adds the newest, eviction takes the oldest, and a literal larger
//! than the table leaves the empty run. So if an index has an entry, it is the same *eᵢ* on both sides, whatever the sizes: a
//! wrong field can't come out. It remains that the server holds each entry that the client holds. An insertion or a size update
//! keeps the longest run, within the one held, whose sizes fit the maximum; the maxima are equal, since size updates pass
//! untouched; so if no *eᵢ* is larger at the server, each run that fits at the client fits at the server, and by induction
//! the server's run is never the shorter one. The sizes: a plain value keeps its length. The text for a Huffman-coded value of *n*
//! bytes has the fewest characters that *n* bytes of codes of at most 13 bits can have, and each character of an authority
//! (RFC 3986: letters, digits and `-._~!$&'()*+,;=:@[]%`) has such a code. Entries that only the server holds are older than what
//! the client holds, so it never refers to them. (A client that Huffman-codes what is no authority can at worst evict
//! entries early on its own connection, which `h2` then closes.)
//!
//! **Names by index.** A literal's name may be an index: 1 in the static table, or an earlier literal. By the above, dynamic index
//! 62 + *j* is the literal *j* insertions ago, if it is anything; evictions need not be followed. An entry has at least 32 bytes,
//! so in a table of 4096 bytes, which `h2` announces unless told otherwise, *j* is below 128: one bit for each of the last 128
//! literals tells whether its name is `:authority`.
//!
//! **Other bytes.** What is not HTTP/2, or breaks its rules, passes unchanged from there on, for the server to refuse. An empty
//! authority has no byte to change: the server refuses it as it always does.

mod block;
mod frames;
mod huffman;

#[cfg(test)]
mod tests;

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::frames::Frames;

/// A stream from an HTTP/2 client, whose every `:authority` is changed to a valid one while it is read.
#[derive(Debug)]
pub(super) struct ValidAuthority<S> {
    stream: S,
    frames: Frames,
}

impl<S> ValidAuthority<S> {
    /// Wraps a stream of which nothing has been read yet.
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            frames: Frames::new(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ValidAuthority<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if let Some(bytes) = buffer.filled_mut().get_mut(before..) {
            self.frames.walk(bytes);
        }
        Poll::Ready(Ok(()))
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
