//! `check`: everything that would keep the server from starting or hosts from reaching it, found beforehand.

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
use std::path::Path;

use super::cli::Transport;
use super::configuration::Configuration;
use super::runtime::runtime;
use super::settings::Settings;
use super::yaml::findings::Findings;
use crate::dispatch::Dispatcher;

/// Tries every instance on its own, so that all that fail are found. Returns a line for each that works.
pub(crate) fn try_plugins(
    configuration: &Configuration,
    findings: &mut Findings,
) -> Result<Vec<String>, String> {
    let runtime = runtime(&configuration.settings.limits)?;
    let mut working = Vec::new();
    runtime.block_on(async {
        for instance in &configuration.instances {
            let limits = configuration.settings.limits.clone();
            let alone = std::slice::from_ref(instance);
            match Dispatcher::start(&configuration.kinds, alone, true, limits).await {
                Ok(dispatcher) => {
                    dispatcher.shutdown().await;
                    let hooks = configuration.hooks_of(instance).join(", ");
                    let state = if instance.disabled { " (disabled)" } else { "" };
                    working.push(format!("plugin {}{state}: {hooks}", instance.name));
                }
                Err(error) => {
                    let unknown = configuration.manifest_of(instance).is_none();
                    let message = configuration.explain(&error);
                    if configuration.fail_on_plugin_error || !unknown {
                        findings.problems.push(message);
                    } else {
                        findings.warnings.push(format!(
                            "{message}; skipped because of PLUGINS_FAIL_ON_PLUGIN_ERROR=false"
                        ));
                    }
                }
            }
        }
    });
    runtime.shutdown_background();
    if configuration.instances.is_empty() && findings.problems.is_empty() {
        findings.warnings.push("no plugin is configured".to_owned());
    }
    Ok(working)
}

/// Looks at the places where these transports will listen, or all if none is named.
pub(crate) fn places(settings: &Settings, transports: &[Transport], findings: &mut Findings) {
    let is_meant = |transport| transports.is_empty() || transports.contains(&transport);
    #[cfg(feature = "unix")]
    if is_meant(Transport::Unix) {
        socket(
            &settings.socket_path,
            crate::transport::unix::PATH_SETTING,
            findings,
        );
    }
    #[cfg(feature = "grpc")]
    if is_meant(Transport::Grpc) {
        let protocol = &crate::transport::grpc::GRPC;
        listener("gRPC", &settings.grpc.listen, protocol, findings);
    }
    #[cfg(feature = "mcp")]
    if is_meant(Transport::Http) {
        let protocol = &crate::transport::mcp::MCP;
        listener("MCP", &settings.http.listen, protocol, findings);
    }
    let _ = (settings, findings, is_meant(Transport::Stdio));
}

/// Looks at the place where the socket will be.
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
fn socket(path: &Path, setting: &str, findings: &mut Findings) {
    if let Err(error) = crate::server::socket_file::check_path(path, setting) {
        findings.problems.push(format!("socket: {error}"));
    }
}

/// Looks at the place where a server will listen, and reads its certificates as it would.
#[cfg(any(feature = "grpc", feature = "mcp"))]
fn listener(
    server: &str,
    listen: &crate::server::listener::ListenSettings,
    protocol: &crate::server::listener::Protocol,
    findings: &mut Findings,
) {
    if let Some(path) = &listen.uds {
        socket(path, protocol.uds_setting, findings);
    }
    if let Some(tls) = listen.tls.clone()
        && let Err(error) = crate::server::tls::Tls::load(tls, protocol.alpn)
    {
        findings.problems.push(format!("{server}: {error}"));
    }
}
