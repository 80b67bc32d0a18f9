//! What all listeners share.

pub(crate) mod drain;
mod error;
#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(crate) mod incoming;
#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(crate) mod listener;
#[cfg(feature = "mcp")]
pub(crate) mod metrics;
pub(crate) mod socket_file;
#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(crate) mod tls;

pub use error::ServeError;
