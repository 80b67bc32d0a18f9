//! From the target of an entry to the transport.

use super::{config::target::Target, error::HostError, settings::HostSettings, transport::Transport};

/// Makes the transport to a target. Nothing is connected yet.
pub(super) fn open(
    plugin: &str,
    target: &Target,
    _settings: &HostSettings,
) -> Result<Box<dyn Transport>, HostError> {
    let feature = match target {
        Target::Unix(_) => "unix",
        Target::Grpc(_) => "grpc",
        Target::Http(_) | Target::Stdio(_) => "mcp",
    };
    Err(HostError::Transport {
        plugin: plugin.to_owned(),
        feature,
    })
}
