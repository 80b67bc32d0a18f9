//! The command line.

#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "mcp")]
mod http;
mod serve;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, error::ErrorKind,
    parser::ValueSource,
};

#[cfg(feature = "grpc")]
use self::grpc::GrpcAddressArguments;
#[cfg(feature = "mcp")]
use self::http::HttpAddressArguments;
pub(crate) use self::serve::ServeArguments;
use super::settings::{SECONDS, seconds};

/// How hosts reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// Framed protobuf over a Unix socket.
    Unix,
    /// gRPC over TCP or a Unix socket.
    Grpc,
    /// MCP over streamable HTTP. The Python framework has more than one word for it.
    #[value(aliases = ["streamablehttp", "streamable-http", "streamable_http", "sse"])]
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
  PLUGINS_GRPC_CLIENT_MTLS_CERTFILE and _KEYFILE for the one that health shows,
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
    #[command(after_help = CHECK_HELP)]
    Check(CheckArguments),
    /// Ask a running server whether it is well, for probes of containers
    #[command(after_help = HEALTH_HELP)]
    Health(HealthArguments),
    /// Print a script that completes the command line in a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(CompletionsArguments),
}

const CHECK_HELP: &str = "\
Every finding is a line that begins with \"error\", \"warning\" or \"ok\", names the
place, and says what to do. The exit status is 1 if there is an error. With
--strict there are no warnings, only errors.";

const HEALTH_HELP: &str = "\
It reads the same configuration and environment as the server, and asks it by
the health message of the Unix socket, the health service of gRPC, or the path
/health of HTTP, which a server with TLS answers without TLS on the port 1000
above its own. Nothing else is needed in the container. The exit status is 0 if
every transport answers that it is well, else 1, and one line says why.

Over gRPC with TLS, the connection is made as a gateway makes it, but the name
and the authority of the certificate are not checked: the address of a probe is
not the name that gateways use. Where the server asks for a certificate, it gets
the one in PLUGINS_GRPC_CLIENT_MTLS_CERTFILE and _KEYFILE, or else the server's
own, which is refused unless it is one for clients too.";

const COMPLETIONS_HELP: &str = "\
In ~/.bashrc, for a program plugin:  eval \"$(plugin completions bash)\"
In ~/.zshrc, after compinit:         eval \"$(plugin completions zsh)\"
In ~/.config/fish/config.fish:       plugin completions fish | source";

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
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) transport: Vec<Transport>,

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
    /// How the gateway reaches the plugins [default: the first that the server serves
    /// by its configuration, else http]
    #[arg(
        long,
        short = 't',
        value_enum,
        value_name = "TRANSPORT",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) transport: Vec<Transport>,

    #[command(flatten)]
    pub(crate) common: CommonArguments,

    #[command(flatten)]
    pub(crate) addresses: AddressArguments,
}

/// Arguments of `health`.
#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    /// http, grpc or unix; several with commas [default: those that the server serves
    /// by its configuration, else http]
    #[arg(
        long,
        short = 't',
        value_enum,
        value_name = "TRANSPORT",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) transport: Vec<Transport>,

    /// How long the answers may take
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = timeout)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) common: CommonArguments,

    #[command(flatten)]
    pub(crate) addresses: AddressArguments,
}

fn timeout(text: &str) -> Result<Duration, String> {
    seconds(text).ok_or_else(|| format!("allowed: {SECONDS}"))
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// http, stdio, grpc or unix; several with commas [default: those that the server
    /// serves by its configuration, else all]
    #[arg(
        long,
        short = 't',
        value_enum,
        value_name = "TRANSPORT",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    pub(crate) transport: Vec<Transport>,

    /// Count warnings as errors, such as a variable that the file uses and that is not set
    #[arg(long)]
    pub(crate) strict: bool,

    #[command(flatten)]
    pub(crate) common: CommonArguments,

    #[command(flatten)]
    pub(crate) addresses: AddressArguments,
}

/// The settings that were given as flags: the name of the flag and the text behind it.
pub(crate) type Flags = Vec<(&'static str, String)>;

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

/// Options that may stand before the command too, by id.
const GLOBAL: [&str; 3] = ["config", "log_level", "transport"];

/// Reads the words of a command line for `program`.
pub(crate) fn parse(program: &clap::Command, words: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = program.clone().try_get_matches_from(words)?;
    let is_given = |argument: &&clap::Arg| {
        matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    if let Some(command) = matches.subcommand_name()
        && let Some(stray) = program
            .get_arguments()
            .filter(|argument| !argument.is_global_set())
            .find(is_given)
    {
        let message = format!(
            "--{} belongs behind the command: {} {command} --{0} ...",
            stray.get_long().unwrap_or_default(),
            program.get_name()
        );
        return Err(program.clone().error(ErrorKind::ArgumentConflict, message));
    }
    Cli::from_arg_matches(&matches)
}

impl Cli {
    /// The command line as clap has it.
    pub(crate) fn program() -> clap::Command {
        let is_global = |argument: &clap::Arg| GLOBAL.contains(&argument.get_id().as_str());
        let program = Self::command().mut_args(|argument| {
            let is_global = is_global(&argument);
            argument.global(is_global)
        });
        // Commands that have no use for them take them all the same, so that what stands before a command need not depend on it.
        let hidden: Vec<_> = program
            .get_arguments()
            .filter(|argument| is_global(argument))
            .map(|argument| argument.clone().hide(true))
            .collect();
        ["manifest", "completions"]
            .into_iter()
            .fold(program, |program, command| {
                program.mut_subcommand(command, |command| command.args(&hidden))
            })
    }

    /// The arguments that all commands share.
    pub(crate) fn common(&self) -> Option<&CommonArguments> {
        match &self.command {
            None => Some(&self.serve.common),
            Some(Command::Serve(arguments)) => Some(&arguments.common),
            Some(Command::Invoke(arguments)) => Some(&arguments.common),
            Some(Command::GatewayConfig(arguments)) => Some(&arguments.common),
            Some(Command::Check(arguments)) => Some(&arguments.common),
            Some(Command::Health(arguments)) => Some(&arguments.common),
            Some(Command::Manifest(_) | Command::Completions(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests;
