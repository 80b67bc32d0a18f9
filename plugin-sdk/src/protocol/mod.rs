//! What goes over the wires, reading and writing side by side. Servers and the host half meet here, and nowhere else.
//!
//! No I/O, and no calls of plugins.

#[cfg(feature = "unix")]
pub(crate) mod bare;
pub(crate) mod code;
mod denial_metadata;
#[cfg(feature = "unix")]
pub(crate) mod envelope;
pub(crate) mod error;
#[cfg(feature = "unix")]
pub(crate) mod frame;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
pub(crate) mod health;
#[cfg(feature = "mcp")]
pub(crate) mod mcp;
pub(crate) mod plugin_config;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod server_error;
