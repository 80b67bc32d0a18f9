//! MCP ([protocol, section 4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#4-mcp)):
//! streamable HTTP, and a child process.
//!
//! Messages are written and read here rather than by rmcp, whose client would parse the arguments of each call only to write them
//! again, hands requests to a task of its own, so that nobody knows when one has left, and begins a lost session anew with
//! requests that the server may have acted on.

mod http;
mod message;
mod stdio;

pub(crate) use self::http::HttpTransport;
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) use self::stdio::PipesTransport;
pub(super) use self::stdio::StdioTransport;
