//! The command line.

#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "mcp")]
mod http;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "grpc")]
use self::grpc::{GrpcAddressArguments, GrpcArguments};
#[cfg(feature = "mcp")]
use self::http::{HttpAddressArguments, HttpArguments};

/// How hosts reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// Framed protobuf over a Unix socket.
    Unix,
    /// gRPC over TCP or a Unix socket.
    Grpc,
    /// MCP over streamable HTTP.
    Http,
    /// MCP over standard input and output.
    Stdio,
}

impl Transport {
    /// The transport as it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Grpc => "grpc",
            Self::Http => "http",
            Self::Stdio => "stdio",
        }
    }
}

/// Without a command, `serve` is meant.
#[derive(Debug, Parser)]
#[command(
    max_term_width = 80,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = ENVIRONMENT_HELP
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArguments,
}

const ENVIRONMENT_HELP: &str = "\
Every option can also be set in the environment or in a .env file:
  PLUGINS_TRANSPORT, PLUGINS_CONFIG_PATH, PLUGINS_LOG_LEVEL,
  PLUGINS_UNIX_SOCKET_PATH, PLUGINS_UNIX_SOCKET_MODE,
  PLUGINS_GRPC_SERVER_<NAME> for an option of gRPC, such as _HOST or _PORT,
  PLUGINS_GRPC_SERVER_SSL_ENABLED, PLUGINS_GRPC_SERVER_SSL_CERTFILE, _KEYFILE,
  _KEYFILE_PASSWORD, _CA_CERTS, _RELOAD_INTERVAL for TLS,
  PLUGINS_GRPC_SERVER_SSL_CLIENT_AUTH for client certificates,
  PLUGINS_SERVER_<NAME> for an option of MCP over HTTP, such as _HOST or _PORT,
  PLUGINS_SERVER_SSL_ENABLED, PLUGINS_SERVER_SSL_CERTFILE and so on for TLS,
  PLUGINS_SERVER_SSL_CERT_REQS=0, 1 or 2 for client certificates,
  ENABLE_METRICS=false  serve no metrics,
  PLUGINS_FAIL_ON_PLUGIN_ERROR=false  start without plugins that fail to load,
  and PLUGINS_<LIMIT> for a limit, such as PLUGINS_CALL_TIMEOUT.
Options win over the configuration file, the file wins over the environment.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the plugins (the default)
    Serve(Box<ServeArguments>),
    /// Call one hook and print its result as JSON
    #[command(after_help = INVOKE_HELP)]
    Invoke(InvokeArguments),
    /// Print what the plugins are: hooks and defaults
    Manifest(ManifestArguments),
    /// Print the stanza to paste into the gateway's plugin configuration
    GatewayConfig(GatewayArguments),
    /// Check configuration, certificates and sockets
    Check(CheckArguments),
}

const INVOKE_HELP: &str = "\
The exit status is 0 for any result, also for a denial, and 1 for an error.";

/// Where the configuration is, and how much is logged.
#[derive(Debug, Args)]
pub(crate) struct CommonArguments {
    /// Configuration file [default: resources/plugins/config.yaml]
    #[arg(long, short = 'c', value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Log DEBUG, INFO, WARNING or ERROR and above to stderr
    #[arg(long, short = 'l', value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// http, stdio, grpc or unix; repeatable [default: stdio if stdin is a pipe,
    /// else http]
    #[arg(
        long,
        short = 't',
        value_enum,
        value_name = "TRANSPORT",
        hide_possible_values = true
    )]
    pub(crate) transport: Vec<Transport>,

    #[command(flatten)]
    pub(crate) common: CommonArguments,

    #[command(flatten)]
    pub(crate) socket: SocketArguments,

    /// File mode of the socket, in octal [default: 0600]
    #[arg(long, value_name = "MODE")]
    pub(crate) socket_mode: Option<String>,

    #[cfg(feature = "grpc")]
    #[command(flatten)]
    pub(crate) grpc: GrpcArguments,

    #[cfg(feature = "mcp")]
    #[command(flatten)]
    pub(crate) http: HttpArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,
}

/// Where the socket is.
#[derive(Debug, Args)]
pub(crate) struct SocketArguments {
    /// Path of the socket [default: /tmp/mcpgateway-plugins.sock]
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<String>,
}

/// Where the servers listen.
#[derive(Debug, Args)]
pub(crate) struct AddressArguments {
    #[command(flatten)]
    socket: SocketArguments,

    #[cfg(feature = "grpc")]
    #[command(flatten)]
    grpc: GrpcAddressArguments,

    #[cfg(feature = "mcp")]
    #[command(flatten)]
    http: HttpAddressArguments,
}

/// A flag for each limit. The values are judged together with those from the file and the environment, so
/// they are plain text here.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArguments {
    /// Longest message, in bytes or with KiB or MiB [default: 16MiB]
    #[arg(long, value_name = "SIZE")]
    max_message_size: Option<String>,

    /// Deepest nesting of objects in a message [default: 33]
    #[arg(long, value_name = "COUNT")]
    max_nesting: Option<String>,

    /// Longest run time of a hook; keep it below the host's [default: 25]
    #[arg(long, value_name = "SECONDS")]
    call_timeout: Option<String>,

    /// Most connections at a time [default: 1024]
    #[arg(long, value_name = "COUNT")]
    max_connections: Option<String>,

    /// Most calls at a time on one connection that carries several [default: 1024]
    #[arg(long, value_name = "COUNT")]
    max_calls_in_flight: Option<String>,

    /// Close a connection without requests for so long [default: 300]
    #[arg(long, value_name = "SECONDS")]
    idle_timeout: Option<String>,

    /// Close a connection that takes no answer for so long [default: 30]
    #[arg(long, value_name = "SECONDS")]
    write_timeout: Option<String>,

    /// On a signal, let running calls finish for so long [default: 5]
    #[arg(long, value_name = "SECONDS")]
    drain_timeout: Option<String>,

    /// Most threads for hooks that block [default: 512]
    #[arg(long, value_name = "COUNT")]
    blocking_threads: Option<String>,
}

/// Arguments of `invoke`.
#[derive(Debug, Args)]
pub(crate) struct InvokeArguments {
    /// The hook to call, by its name on the wire
    pub(crate) hook: String,

    /// The payload, a JSON object: as it is, from a file, or from stdin
    #[arg(long, short = 'p', value_name = "JSON|@FILE|-")]
    pub(crate) payload: String,

    /// The plugin context [default: an empty one]
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) context: Option<String>,

    /// The plugin to call; needed when several have the hook
    #[arg(long, value_name = "NAME")]
    pub(crate) plugin: Option<String>,

    /// Call it over this transport instead of in process
    #[arg(
        long,
        short = 't',
        value_enum,
        value_name = "TRANSPORT",
        hide_possible_values = true
    )]
    pub(crate) transport: Option<Transport>,

    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

/// Arguments of `manifest`.
#[derive(Debug, Args)]
pub(crate) struct ManifestArguments {
    /// How it is written
    #[arg(long, short = 'f', value_enum, default_value = "yaml")]
    pub(crate) format: Format,
}

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Yaml,
    Json,
}

/// Arguments of `gateway-config`.
#[derive(Debug, Args)]
pub(crate) struct GatewayArguments {
    /// How the gateway reaches the plugins [default: http]
    #[arg(
        long,
        short = 't',
        value_enum,
        value_name = "TRANSPORT",
        hide_possible_values = true
    )]
    pub(crate) transport: Option<Transport>,

    #[command(flatten)]
    pub(crate) common: CommonArguments,

    #[command(flatten)]
    pub(crate) addresses: AddressArguments,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub(crate) common: CommonArguments,

    #[command(flatten)]
    pub(crate) addresses: AddressArguments,
}

/// The settings that were given as flags: the name of the flag and the text behind it.
pub(crate) type Flags = Vec<(&'static str, String)>;

impl ServeArguments {
    pub(crate) fn flags(&self) -> Flags {
        let limits = &self.limits;
        let own = [
            ("socket-mode", &self.socket_mode),
            ("max-message-size", &limits.max_message_size),
            ("max-nesting", &limits.max_nesting),
            ("call-timeout", &limits.call_timeout),
            ("max-connections", &limits.max_connections),
            ("max-calls-in-flight", &limits.max_calls_in_flight),
            ("idle-timeout", &limits.idle_timeout),
            ("write-timeout", &limits.write_timeout),
            ("drain-timeout", &limits.drain_timeout),
            ("blocking-threads", &limits.blocking_threads),
        ];
        let mut flags = self.socket.flags();
        flags.extend(given(&own));
        #[cfg(feature = "grpc")]
        flags.extend(self.grpc.flags());
        #[cfg(feature = "mcp")]
        flags.extend(self.http.flags());
        flags
    }
}

fn given(arguments: &[(&'static str, &Option<String>)]) -> Flags {
    arguments
        .iter()
        .filter_map(|(flag, text)| Some((*flag, text.as_ref()?.clone())))
        .collect()
}

impl AddressArguments {
    #[cfg_attr(not(any(feature = "grpc", feature = "mcp")), allow(unused_mut))]
    pub(crate) fn flags(&self) -> Flags {
        let mut flags = self.socket.flags();
        #[cfg(feature = "grpc")]
        flags.extend(self.grpc.flags());
        #[cfg(feature = "mcp")]
        flags.extend(self.http.flags());
        flags
    }
}

impl SocketArguments {
    pub(crate) fn flags(&self) -> Flags {
        self.socket.iter().map(|text| ("socket", text.clone())).collect()
    }
}

impl Cli {
    /// The arguments that all commands share.
    pub(crate) fn common(&self) -> Option<&CommonArguments> {
        match &self.command {
            None => Some(&self.serve.common),
            Some(Command::Serve(arguments)) => Some(&arguments.common),
            Some(Command::Invoke(arguments)) => Some(&arguments.common),
            Some(Command::GatewayConfig(arguments)) => Some(&arguments.common),
            Some(Command::Check(arguments)) => Some(&arguments.common),
            Some(Command::Manifest(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::launch::settings::all;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_command() {
        let cli = Cli::parse_from([
            "plugin",
            "--transport",
            "unix",
            "-t",
            "grpc",
            "--socket",
            "/run/a",
        ]);
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.transport, [Transport::Unix, Transport::Grpc]);
        assert_eq!(cli.serve.flags(), [("socket", "/run/a".to_owned())]);
        let cli = Cli::parse_from(["plugin", "serve", "--socket", "/run/a"]);
        assert!(matches!(cli.command, Some(Command::Serve(arguments)) if arguments.flags().len() == 1));
    }

    #[test]
    fn every_setting_has_a_flag() {
        for setting in all().filter(|setting| !setting.flag.is_empty()) {
            let flag = format!("--{}", setting.flag);
            let cli = Cli::parse_from(["plugin", &flag, "7"]);
            assert_eq!(cli.serve.flags(), [(setting.flag, "7".to_owned())]);
        }
    }

    #[test]
    fn the_help_fits_into_80_columns() {
        let mut command = Cli::command().name("a-plugin-name");
        command.build();
        for part in std::iter::once(&command).chain(command.get_subcommands()) {
            let help = part.clone().render_long_help().to_string();
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}
