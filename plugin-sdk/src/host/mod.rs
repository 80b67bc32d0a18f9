//! The host half: call external plugins from Rust, wherever they run.
//!
//! For gateways, tests and load tools. It reads the gateway's own stanza (`kind: external` with one of `mcp`, `grpc` and
//! `unix_socket`), connects to the servers, and calls their plugins the same way whatever the transport; it works with the Python
//! servers too.

mod backoff;
mod call;
mod calls;
pub mod config;
mod encoding;
mod error;
mod external;
mod hosted;
mod in_process;
mod open;
mod registry;
mod reply;
mod settings;
pub(crate) mod transport;
#[cfg(feature = "unix")]
mod unix;

pub use call::{CallOptions, HookCall};
pub use config::{ExternalPluginConfig, GatewayConfig, PluginConfig};
pub use error::{CallError, HostError, ReportedError};
pub use external::ExternalPlugin;
pub use hosted::{HostedPlugin, Invoke};
pub use in_process::InProcessPlugin;
pub use registry::PluginRegistry;
pub use reply::HookReply;
pub use settings::HostSettings;
