//! The transports: bytes in, dispatch, bytes out.

#[cfg(feature = "grpc")]
pub(crate) mod grpc;
#[cfg(all(
    any(feature = "cli", feature = "testing"),
    any(feature = "unix", feature = "grpc", feature = "mcp")
))]
pub(crate) mod listen;
#[cfg(feature = "mcp")]
pub(crate) mod mcp;
#[cfg(feature = "unix")]
pub(crate) mod unix;
