//! From the target of an entry to the transport.

#[cfg(feature = "grpc")]
use super::grpc::GrpcTransport;
#[cfg(feature = "mcp")]
use super::mcp::{HttpTransport, StdioTransport};
#[cfg(feature = "unix")]
use super::unix::UnixTransport;
use super::{config::target::Target, error::HostError, settings::HostSettings, transport::Transport};

/// Makes the transport to a target. Nothing is connected yet.
#[cfg_attr(
    not(any(feature = "unix", feature = "grpc", feature = "mcp")),
    expect(unused_variables, reason = "there is no transport")
)]
pub(crate) fn open(
    plugin: &str,
    target: &Target,
    settings: &HostSettings,
) -> Result<Box<dyn Transport>, HostError> {
    match target {
        #[cfg(feature = "unix")]
        Target::Unix(target) => Ok(Box::new(UnixTransport::new(target, settings))),
        #[cfg(feature = "grpc")]
        Target::Grpc(target) => match GrpcTransport::new(plugin, target, settings) {
            Ok(transport) => Ok(Box::new(transport)),
            Err(problem) => Err(misconfigured(plugin, &problem)),
        },
        #[cfg(feature = "mcp")]
        Target::Http(target) => match HttpTransport::new(plugin, target, settings) {
            Ok(transport) => Ok(Box::new(transport)),
            Err(problem) => Err(misconfigured(plugin, &problem)),
        },
        #[cfg(feature = "mcp")]
        Target::Stdio(target) => Ok(Box::new(StdioTransport::new(target, settings))),
        Target::Sse => Err(misconfigured(
            plugin,
            "mcp.proto: SSE is accepted by all hosts, but none can connect with it; write STREAMABLEHTTP",
        )),
        #[cfg(not(feature = "unix"))]
        Target::Unix(_) => Err(missing(plugin, "unix")),
        #[cfg(not(feature = "grpc"))]
        Target::Grpc(_) => Err(missing(plugin, "grpc")),
        #[cfg(not(feature = "mcp"))]
        Target::Http(_) | Target::Stdio(_) => Err(missing(plugin, "mcp")),
    }
}

#[cfg(not(all(feature = "unix", feature = "grpc", feature = "mcp")))]
fn missing(plugin: &str, feature: &'static str) -> HostError {
    HostError::Transport {
        plugin: plugin.to_owned(),
        feature,
    }
}

/// A target that was read, but that no connection can be made of.
fn misconfigured(plugin: &str, problem: &str) -> HostError {
    HostError::Configuration {
        problems: vec![format!("{plugin}: {problem}")],
    }
}
