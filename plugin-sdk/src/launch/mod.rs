//! The program around the plugins: command line, environment, configuration file, log and signals.
//!
//! [`run`] is a complete `main` for one plugin, [`launcher`] for several. The program that they make serves
//! its plugins, calls one of their hooks by hand, describes them and checks its configuration; its `--help`
//! says how.

mod check;
mod cli;
mod colours;
mod commands;
mod configuration;
mod describe;
mod health;
mod invoke;
mod log;
mod logging;
mod output;
mod printed;
mod race;
mod runtime;
mod serve;
mod settings;
mod signals;
mod stanza;
mod transports;
mod yaml;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use self::cli::Cli;
use self::commands::Failure;
use crate::manifest::Manifest;
use crate::plugin::{Plugin, PluginKind};

/// A `main` for one plugin: reads the command line and serves the plugin, or does what else it says.
///
/// ```no_run
/// use plugin_sdk::prelude::*;
///
/// /// Lets every tool call pass.
/// #[plugin(hooks = [tool_pre_invoke])]
/// #[derive(Default)]
/// struct PassThrough;
///
/// impl PassThrough {
///     async fn tool_pre_invoke(
///         &self,
///         _payload: ToolPreInvokePayload,
///         _context: &mut PluginContext,
///     ) -> HookResult<ToolPreInvokePayload> {
///         Ok(PluginResult::allow())
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     plugin_sdk::run::<PassThrough>()
/// }
/// ```
pub fn run<P: Plugin>() -> ExitCode {
    launcher().plugin::<P>().run()
}

/// A `main` for several plugins in one process.
///
/// The configuration file says which of them run, how often, and with which settings.
///
/// ```no_run
/// use plugin_sdk::prelude::*;
///
/// #[plugin(hooks = [tool_pre_invoke])]
/// #[derive(Default)]
/// struct First;
///
/// impl First {
///     async fn tool_pre_invoke(
///         &self,
///         _payload: ToolPreInvokePayload,
///         _context: &mut PluginContext,
///     ) -> HookResult<ToolPreInvokePayload> {
///         Ok(PluginResult::allow())
///     }
/// }
///
/// #[plugin(hooks = [prompt_pre_fetch])]
/// #[derive(Default)]
/// struct Second;
///
/// impl Second {
///     async fn prompt_pre_fetch(
///         &self,
///         _payload: PromptPreFetchPayload,
///         _context: &mut PluginContext,
///     ) -> HookResult<PromptPreFetchPayload> {
///         Ok(PluginResult::allow())
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     plugin_sdk::launcher().plugin::<First>().plugin::<Second>().run()
/// }
/// ```
pub fn launcher() -> Launcher {
    Launcher { kinds: Vec::new() }
}

/// The plugins of a program, made by [`launcher`].
///
/// # Settings
///
/// A flag wins over the section `unix_socket_server_settings` of the configuration file, the section over
/// the environment, and the environment over the default. The section replaces the variables below as a
/// whole. Variables are also read from a `.env` file in the working directory, beneath those of the process;
/// their names may be written in any case, and an empty value is no value.
///
/// | flag | key in the section | variable | default |
/// |---|---|---|---|
/// | `--transport`, several with commas | | `PLUGINS_TRANSPORT`, several with commas | the transports whose flags are given; else `stdio` if stdin leads to another program; else `http` |
/// | `--config` | | `PLUGINS_CONFIG_PATH` | `./resources/plugins/config.yaml` |
/// | `--log-level` | | `PLUGINS_LOG_LEVEL` | `INFO`; for other commands than `serve` `WARNING` |
/// | | | `PLUGINS_FAIL_ON_PLUGIN_ERROR` | `true`; if `false`, plugins that fail to load are left out |
/// | `--socket` | `path` | `PLUGINS_UNIX_SOCKET_PATH`, else `UNIX_SOCKET_PATH` | `/tmp/mcpgateway-plugins.sock` |
/// | `--socket-mode` | `mode` | `PLUGINS_UNIX_SOCKET_MODE` | `0600` |
/// | `--max-message-size` | `max_message_size` | `PLUGINS_MAX_MESSAGE_SIZE` | `16MiB` |
/// | `--max-nesting` | `max_nesting` | `PLUGINS_MAX_NESTING` | `33` objects on gRPC and Unix sockets |
/// | `--max-json-nesting` | `max_json_nesting` | `PLUGINS_MAX_JSON_NESTING` | `128` levels over MCP |
/// | `--call-timeout` | `call_timeout` | `PLUGINS_CALL_TIMEOUT` | `25` seconds |
/// | `--late-answer-guard` | `late_answer_guard` | `PLUGINS_LATE_ANSWER_GUARD` | `0.1` seconds; or `off` |
/// | `--max-connections` | `max_connections` | `PLUGINS_MAX_CONNECTIONS` | `1024` |
/// | `--max-calls-in-flight` | `max_calls_in_flight` | `PLUGINS_MAX_CALLS_IN_FLIGHT` | `1024` |
/// | `--idle-timeout` | `idle_timeout` | `PLUGINS_IDLE_TIMEOUT` | `300` seconds |
/// | `--write-timeout` | `write_timeout` | `PLUGINS_WRITE_TIMEOUT` | `30` seconds |
/// | `--drain-timeout` | `drain_timeout` | `PLUGINS_DRAIN_TIMEOUT` | `5` seconds |
/// | `--blocking-threads` | `blocking_threads` | `PLUGINS_BLOCKING_THREADS` | `512` |
/// | `--max-blocking-calls` | `max_blocking_calls` | `PLUGINS_MAX_BLOCKING_CALLS` | `512` |
///
/// The gRPC server is set up in the same way by the section `grpc_server_settings`:
///
/// | flag | key in the section | variable `PLUGINS_GRPC_SERVER_…` | default |
/// |---|---|---|---|
/// | `--grpc-host` | `host` | `HOST` | `127.0.0.1` |
/// | `--grpc-port` | `port` | `PORT` | `50051` |
/// | `--grpc-uds` | `uds` | `UDS` | none; a Unix socket instead of host and port |
/// | `--grpc-uds-mode` | `uds_mode` | `UDS_MODE` | `0600` |
/// | | `tls` | `SSL_ENABLED` | off; a section `tls` switches it on |
/// | | `tls.certfile` | `SSL_CERTFILE` | needed with TLS |
/// | | `tls.keyfile` | `SSL_KEYFILE` | needed with TLS |
/// | | `tls.keyfile_password` | `SSL_KEYFILE_PASSWORD` | none |
/// | | `tls.ca_bundle` | `SSL_CA_CERTS` | needed to check client certificates |
/// | | `tls.reload_interval` | `SSL_RELOAD_INTERVAL` | `5` seconds between looks at the files |
/// | | `tls.client_auth` | `SSL_CLIENT_AUTH` | `require`; or `optional`, `none` |
/// | `--grpc-max-reply-size` | `max_reply_size` | `MAX_REPLY_SIZE` | `4MiB`, what hosts take |
/// | `--grpc-max-concurrent-streams` | `max_concurrent_streams` | `MAX_CONCURRENT_STREAMS` | `1024` |
/// | `--grpc-max-header-list-size` | `max_header_list_size` | `MAX_HEADER_LIST_SIZE` | `16KiB` |
/// | `--grpc-handshake-timeout` | `handshake_timeout` | `HANDSHAKE_TIMEOUT` | `10` seconds |
/// | `--grpc-body-timeout` | `body_timeout` | `BODY_TIMEOUT` | `30` seconds for a message to arrive |
/// | `--grpc-keepalive-interval` | `keepalive_interval` | `KEEPALIVE_INTERVAL` | `60` seconds |
/// | `--grpc-keepalive-timeout` | `keepalive_timeout` | `KEEPALIVE_TIMEOUT` | `20` seconds |
/// | `--grpc-max-connection-age` | `max_connection_age` | `MAX_CONNECTION_AGE` | unbounded |
/// | `--grpc-max-connection-age-grace` | `max_connection_age_grace` | `MAX_CONNECTION_AGE_GRACE` | `30` seconds |
///
/// The MCP server over HTTP by the section `server_settings`:
///
/// | flag | key in the section | variable `PLUGINS_SERVER_…` | default |
/// |---|---|---|---|
/// | `--http-host` | `host` | `HOST` | `127.0.0.1` |
/// | `--http-port` | `port` | `PORT` | `8000` |
/// | `--http-uds` | `uds` | `UDS` | none; a Unix socket instead of host and port |
/// | `--http-uds-mode` | `uds_mode` | `UDS_MODE` | `0600` |
/// | | `tls` and below it | `SSL_ENABLED`, … | as with gRPC |
/// | | `tls.ssl_cert_reqs` | `SSL_CERT_REQS` | `2`, client certificates are required; `1` they are checked if there are any, `0` none |
/// | `--http-allowed-hosts` | `allowed_hosts` | `ALLOWED_HOSTS` | none beside those of the address; all if it is no loopback address |
/// | `--http-allowed-origins` | `allowed_origins` | `ALLOWED_ORIGINS` | as the hosts |
/// | `--http-max-header-size` | `max_header_size` | `MAX_HEADER_SIZE` | `16KiB` |
/// | `--http-handshake-timeout` | `handshake_timeout` | `HANDSHAKE_TIMEOUT` | `10` seconds |
/// | `--http-header-timeout` | `header_timeout` | `HEADER_TIMEOUT` | `10` seconds |
/// | `--http-body-timeout` | `body_timeout` | `BODY_TIMEOUT` | `30` seconds |
/// | `--http-metrics` | `metrics` | `ENABLE_METRICS`, beside the section too | `true` |
///
/// # Configuration file
///
/// The file of the Python plugin server, a template in which `{{ env.NAME }}` stands for a variable of the
/// process. `kind` names the plugin's type, `name` the instance, `config` its settings. Without a file at the
/// default path, each plugin runs once under its own name with its default settings.
#[must_use = "a launcher does nothing until it is run"]
#[derive(Clone)]
pub struct Launcher {
    kinds: Vec<PluginKind>,
}

impl std::fmt::Debug for Launcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| &kind.manifest.kind).collect();
        formatter.debug_struct("Launcher").field("kinds", &kinds).finish()
    }
}

impl Launcher {
    /// Adds a plugin that the configuration may name as `kind`.
    pub fn plugin<P: Plugin>(mut self) -> Self {
        self.kinds.push(PluginKind::of::<P>());
        self
    }

    /// Reads the command line and does what it says. The exit status is 0 when that worked.
    pub fn run(self) -> ExitCode {
        launch(self.kinds, std::env::args_os())
    }
}

/// Not generic, so that a plugin's own build compiles nothing of it.
fn launch(kinds: Vec<PluginKind>, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let _log = log::FinishOnDrop;
    let arguments: Vec<OsString> = arguments.collect();
    let program = describe_program(&kinds, arguments.first());
    let outcome = match cli::parse(&program, &arguments) {
        Ok(cli) => commands::execute(kinds, cli, program),
        Err(error) => output::usage(&error, &arguments),
    };
    outcome.unwrap_or_else(|Failure(reasons)| {
        output::errors(&reasons);
        ExitCode::FAILURE
    })
}

/// The command line under the program's own name, with the description and the version of its plugins.
fn describe_program(kinds: &[PluginKind], program: Option<&OsString>) -> clap::Command {
    let name = program
        .and_then(|program| Path::new(program).file_name())
        .map(|name| name.to_string_lossy().into_owned());
    let mut program = Cli::program().name(name.unwrap_or_else(|| "plugin".to_owned()));
    if let [kind] = kinds {
        if !kind.manifest.description.is_empty() {
            program = program.about(kind.manifest.description.clone());
        }
    } else {
        let names: Vec<_> = kinds.iter().map(|kind| kind.manifest.kind.as_str()).collect();
        program = program.about(format!("Plugins: {}", names.join(", ")));
    }
    let manifests: Vec<_> = kinds.iter().map(|kind| &kind.manifest).collect();
    program.version(version(&manifests))
}

/// The version that all plugins have, else that of each.
fn version(manifests: &[&Manifest]) -> String {
    let shown = |manifest: &Manifest| match manifest.version.as_str() {
        "" => "(no version)".to_owned(),
        version => version.to_owned(),
    };
    match manifests {
        [] => "(no plugins)".to_owned(),
        [first, rest @ ..] if rest.iter().all(|other| other.version == first.version) => shown(first),
        _ => {
            let each = manifests
                .iter()
                .map(|manifest| format!("{} {}", manifest.kind, shown(manifest)));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_version() {
        let version = |plugins: &[(&'static str, &str)]| {
            let manifest = |(name, version): &(&'static str, &str)| Manifest {
                version: (*version).to_owned(),
                ..Manifest::new(*name)
            };
            let manifests: Vec<_> = plugins.iter().map(manifest).collect();
            super::version(&manifests.iter().collect::<Vec<_>>())
        };
        assert_eq!(version(&[("A", "1.2.0")]), "1.2.0");
        assert_eq!(version(&[("A", "1.2.0"), ("B", "1.2.0")]), "1.2.0");
        assert_eq!(
            version(&[("A", "1.2.0"), ("B", "1.3.0"), ("C", "")]),
            "A 1.2.0, B 1.3.0, C (no version)"
        );
        assert_eq!(version(&[("A", "")]), "(no version)");
        assert_eq!(version(&[]), "(no plugins)");
    }
}
