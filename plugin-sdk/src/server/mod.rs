//! What all listeners share.

mod error;
pub(crate) mod incoming;
#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(crate) mod listener;
#[cfg(feature = "mcp")]
pub(crate) mod metrics;
pub(crate) mod socket_file;
pub(crate) mod stop;
pub(crate) mod tasks;
#[cfg(any(feature = "grpc", feature = "mcp"))]
pub(crate) mod tls;

pub use error::ServeError;
