//! From the target of an entry to the transport.

#[cfg(feature = "unix")]
use super::unix::UnixTransport;
use super::{config::target::Target, error::HostError, settings::HostSettings, transport::Transport};

/// Makes the transport to a target. Nothing is connected yet.
#[cfg_attr(
    not(feature = "unix"),
    allow(unused_variables, reason = "without a transport there is nothing to set")
)]
pub(super) fn open(
    plugin: &str,
    target: &Target,
    settings: &HostSettings,
) -> Result<Box<dyn Transport>, HostError> {
    let feature = match target {
        #[cfg(feature = "unix")]
        Target::Unix(target) => return Ok(Box::new(UnixTransport::new(target, settings))),
        #[cfg(not(feature = "unix"))]
        Target::Unix(_) => "unix",
        Target::Grpc(_) => "grpc",
        Target::Http(_) | Target::Stdio(_) => "mcp",
        Target::Sse => {
            return Err(HostError::Configuration {
                problems: vec![format!(
                    "{plugin}: mcp.proto: SSE is accepted by all hosts, but none can connect with it; write STREAMABLEHTTP"
                )],
            });
        }
    };
    Err(HostError::Transport {
        plugin: plugin.to_owned(),
        feature,
    })
}
