//! What goes over the wires, reading and writing side by side. Servers and the host half meet here, and nowhere else.
//!
//! No I/O, and no calls of plugins.

#[cfg(feature = "unix")]
pub(crate) mod envelope;
#[cfg(feature = "unix")]
pub(crate) mod frame;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
#[cfg(feature = "unix")]
pub(crate) mod request;
