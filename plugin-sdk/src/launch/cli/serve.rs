//! The flags of a server.

use clap::Args;

#[cfg(feature = "grpc")]
use super::grpc::GrpcArguments;
#[cfg(feature = "mcp")]
use super::http::HttpArguments;
use super::{CommonArguments, Flags, SocketArguments, Transport, given};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// http, stdio, grpc or unix; several with commas [default: stdio if stdin is a
    /// pipe, else http]
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

/// A flag for each limit. The values are judged together with those from the file and the environment, so
/// they are plain text here.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArguments {
    /// Longest message, in bytes or with KiB or MiB [default: 16MiB]
    #[arg(long, value_name = "SIZE")]
    max_message_size: Option<String>,

    /// Deepest nesting of objects on gRPC and Unix sockets [default: 33]
    #[arg(long, value_name = "COUNT")]
    max_nesting: Option<String>,

    /// Most levels of objects and lists in a payload over MCP [default: 128]
    #[arg(long, value_name = "COUNT")]
    max_json_nesting: Option<String>,

    /// Longest run time of a hook; keep it below the host's [default: 25]
    #[arg(long, value_name = "SECONDS")]
    call_timeout: Option<String>,

    /// Shortest timeout of a host that late answers are guarded against, or off
    /// [default: 0.1]
    #[arg(long, value_name = "SECONDS")]
    late_answer_guard: Option<String>,

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

    /// Most calls of hooks that block, running or waiting for a thread [default: 512]
    #[arg(long, value_name = "COUNT")]
    max_blocking_calls: Option<String>,
}

impl ServeArguments {
    pub(crate) fn flags(&self) -> Flags {
        let limits = &self.limits;
        let own = [
            ("socket-mode", &self.socket_mode),
            ("max-message-size", &limits.max_message_size),
            ("max-nesting", &limits.max_nesting),
            ("max-json-nesting", &limits.max_json_nesting),
            ("call-timeout", &limits.call_timeout),
            ("late-answer-guard", &limits.late_answer_guard),
            ("max-connections", &limits.max_connections),
            ("max-calls-in-flight", &limits.max_calls_in_flight),
            ("idle-timeout", &limits.idle_timeout),
            ("write-timeout", &limits.write_timeout),
            ("drain-timeout", &limits.drain_timeout),
            ("blocking-threads", &limits.blocking_threads),
            ("max-blocking-calls", &limits.max_blocking_calls),
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
