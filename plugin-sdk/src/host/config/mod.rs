//! The gateway's configuration: which plugins there are, where their servers are, and what those report.

pub(crate) mod address;
mod external;
mod file;
mod gateway;
mod mcp;
mod plugin;
mod rules;
mod section;
mod sections;
pub(crate) mod target;
mod tls;
mod url;
pub(crate) mod variables;

pub use external::ExternalPluginConfig;
pub use gateway::GatewayConfig;
pub use plugin::PluginConfig;

/// The `kind` of a plugin in another process.
const EXTERNAL: &str = "external";
