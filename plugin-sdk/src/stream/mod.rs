//! Streams of bytes, as the server and the host half have them.

#[cfg(feature = "unix")]
pub(crate) mod framed;
#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(crate) mod watched;

use tokio::io::{AsyncRead, AsyncWrite};

/// A stream to the other side, of whatever kind.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}
