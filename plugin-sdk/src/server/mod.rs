//! What all listeners share.

pub(crate) mod drain;
mod error;
#[cfg(feature = "grpc")]
pub(crate) mod incoming;
#[cfg(feature = "grpc")]
pub(crate) mod listener;
pub(crate) mod socket_file;
#[cfg(feature = "grpc")]
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the metrics and the transports that follow use the rest"
)]
pub(crate) mod tls;

pub use error::ServeError;
