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

/// A plugin that can't start is not served.
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
impl From<crate::dispatch::StartError> for crate::server::ServeError {
    fn from(error: crate::dispatch::StartError) -> Self {
        Self::new(error.to_string())
    }
}
