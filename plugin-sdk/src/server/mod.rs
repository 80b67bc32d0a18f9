//! What all listeners share.

pub(crate) mod drain;
mod error;
pub(crate) mod socket_file;

pub use error::ServeError;
