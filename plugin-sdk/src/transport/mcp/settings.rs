//! How an MCP server over HTTP is set up.

use std::time::Duration;

use crate::server::listener::ListenSettings;

/// Where the server listens, whom it answers, and its limits besides those of every transport.
#[derive(Clone, Debug)]
pub(crate) struct McpSettings {
    pub(crate) listen: ListenSettings,
    /// Names in the header `Host` that are answered besides those that the address implies: with a port, without one, with `:*`
    /// for any port; `*` stands for all.
    pub(crate) allowed_hosts: Vec<String>,
    /// The same for the header `Origin`, that of browsers.
    pub(crate) allowed_origins: Vec<String>,
    /// The head of a request in bytes.
    pub(crate) max_header_size: usize,
    /// How long the head of a request may take.
    pub(crate) header_timeout: Duration,
    /// How long the body of a request may take.
    pub(crate) body_timeout: Duration,
    /// Whether there are metrics.
    pub(crate) metrics: bool,
}

impl Default for McpSettings {
    fn default() -> Self {
        Self {
            listen: ListenSettings::of_port(8000),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            max_header_size: 16 * 1024,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            metrics: true,
        }
    }
}
