//! The transports: bytes in, dispatch, bytes out.

#[cfg(feature = "grpc")]
pub(crate) mod grpc;
#[cfg(feature = "mcp")]
pub(crate) mod mcp;
#[cfg(feature = "unix")]
pub(crate) mod unix;
