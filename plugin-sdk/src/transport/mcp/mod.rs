//! MCP: streamable HTTP on TCP or a Unix socket, and standard input and output ([protocol, section
//! 4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#4-mcp)).
//!
//! Of MCP a plugin server needs a small part: three tools, no sampling, no subscriptions, no sessions. Messages are read and written in
//! [`protocol::mcp`](crate::protocol::mcp); their method is looked up in one table (`methods`).

mod call;
mod descriptions;
mod handler;
mod http;
mod methods;
#[cfg(feature = "rmcp")]
mod rmcp;
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
