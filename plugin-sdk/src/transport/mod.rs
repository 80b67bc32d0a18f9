//! The transports: bytes in, dispatch, bytes out.

mod client;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
#[cfg(feature = "unix")]
pub(crate) mod unix;
