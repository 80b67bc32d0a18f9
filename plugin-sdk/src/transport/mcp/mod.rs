//! MCP: streamable HTTP on TCP or a Unix socket, and standard input and output (`protocol.md`, section 4).
//!
//! rmcp speaks the protocol. Before it stands what bounds and checks requests, and answers by itself the one that hosts send all the
//! time; behind it the tools call the dispatcher.

mod arguments;
mod direct;
mod handler;
mod http;
mod message;
mod odd_id;
mod settings;
mod stdio;
mod tools;

pub use handler::McpHandler;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use http::BoundMcpServer;
#[cfg(feature = "cli")]
pub(crate) use http::{MCP, is_host_entry, is_origin_entry};
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use settings::McpSettings;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use stdio::serve_pipes;
#[cfg(feature = "cli")]
pub(crate) use stdio::{StdioStreams, serve_stdio};
