//! Streamable HTTP ([protocol, section
//! 4.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#43-streamable-http)).

mod body;
mod checks;
mod clock;
mod endpoint;
mod hang_up;
mod health;
mod hosts;
mod reply;
mod running;
mod self_wakes;
mod server;
mod service;

pub(super) use body::RequestBody;
pub(super) use endpoint::Endpoint;
#[cfg(feature = "cli")]
pub(crate) use hosts::{is_host_entry, is_origin_entry};
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use server::BoundMcpServer;
#[cfg(feature = "cli")]
pub(crate) use server::MCP;
