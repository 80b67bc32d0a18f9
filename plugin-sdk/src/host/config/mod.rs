//! The gateway's configuration: which plugins there are, where their servers are, and what those report.

mod plugin;
pub(crate) mod target;

pub use plugin::{Mode, OnError, PluginConfig};

use target::Target;

use super::error::HostError;
use crate::value::Map;

/// An entry with `kind: external`: what the operator wrote, and where the server is.
#[derive(Clone, Debug)]
pub struct ExternalPluginConfig {
    local: PluginConfig,
    target: Target,
}

impl ExternalPluginConfig {
    /// What the operator wrote.
    pub fn local(&self) -> &PluginConfig {
        &self.local
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }
}

/// What the server reports, overwritten by what the operator wrote (`protocol.md`, section 9.4).
#[expect(clippy::unnecessary_wraps, reason = "what is merged will be checked here")]
pub(super) fn merge(entry: &ExternalPluginConfig, remote: &Map) -> Result<PluginConfig, HostError> {
    let mut merged = remote.clone();
    merged.extend(
        entry
            .local
            .document()
            .iter()
            .map(|(key, value)| (key, value.clone())),
    );
    Ok(PluginConfig::of_checked(merged))
}
