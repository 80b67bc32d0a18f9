//! gRPC, on TCP or a Unix socket ([protocol, section
//! 2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#2-protobuf-and-grpc)).
//!
//! tonic is the server; a request reaches the dispatcher as the bytes it came in, and an answer leaves as the dispatcher wrote it.

mod body;
mod budget;
mod calls;
mod connection;
mod head;
mod routes;
mod server;
mod service;
mod settings;

#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use server::BoundGrpcServer;
#[cfg(feature = "cli")]
pub(crate) use server::GRPC;
pub use service::{GrpcService, OlderGrpcService};
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use settings::GrpcSettings;
