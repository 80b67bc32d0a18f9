//! The flags of the gRPC server.

use clap::Args;

use super::{Flags, given};

/// Where the gRPC server listens.
#[derive(Debug, Default, Args)]
pub(crate) struct GrpcAddressArguments {
    /// Address that gRPC listens on [default: 127.0.0.1]
    #[arg(id = "grpc-host", long = "grpc-host", value_name = "HOST")]
    host: Option<String>,

    /// Port that gRPC listens on [default: 50051]
    #[arg(id = "grpc-port", long = "grpc-port", value_name = "PORT")]
    port: Option<String>,

    /// Unix socket that gRPC listens on, instead of host and port
    #[arg(id = "grpc-uds", long = "grpc-uds", value_name = "PATH")]
    uds: Option<String>,
}

/// How the gRPC server is set up.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "gRPC")]
pub(crate) struct GrpcArguments {
    #[command(flatten)]
    address: GrpcAddressArguments,

    /// File mode of that socket, in octal [default: 0600]
    #[arg(id = "grpc-uds-mode", long = "grpc-uds-mode", value_name = "MODE")]
    uds_mode: Option<String>,

    /// Longest answer; hosts take no longer ones [default: 4MiB]
    #[arg(id = "grpc-max-reply-size", long = "grpc-max-reply-size", value_name = "SIZE")]
    max_reply_size: Option<String>,

    /// Most calls at a time on a connection [default: 1024]
    #[arg(
        id = "grpc-max-concurrent-streams",
        long = "grpc-max-concurrent-streams",
        value_name = "COUNT"
    )]
    max_concurrent_streams: Option<String>,

    /// Longest headers of a request [default: 16KiB]
    #[arg(
        id = "grpc-max-header-list-size",
        long = "grpc-max-header-list-size",
        value_name = "SIZE"
    )]
    max_header_list_size: Option<String>,

    /// Close a connection that does not begin for so long [default: 10]
    #[arg(
        id = "grpc-handshake-timeout",
        long = "grpc-handshake-timeout",
        value_name = "SECONDS"
    )]
    handshake_timeout: Option<String>,

    /// Refuse a message that takes longer to arrive [default: 30]
    #[arg(id = "grpc-body-timeout", long = "grpc-body-timeout", value_name = "SECONDS")]
    body_timeout: Option<String>,

    /// Ask a silent client for a sign of life every so often [default: 60]
    #[arg(
        id = "grpc-keepalive-interval",
        long = "grpc-keepalive-interval",
        value_name = "SECONDS"
    )]
    keepalive_interval: Option<String>,

    /// Close a connection that gives none for so long [default: 20]
    #[arg(
        id = "grpc-keepalive-timeout",
        long = "grpc-keepalive-timeout",
        value_name = "SECONDS"
    )]
    keepalive_timeout: Option<String>,

    /// Have clients connect anew every so often [default: never]
    #[arg(
        id = "grpc-max-connection-age",
        long = "grpc-max-connection-age",
        value_name = "SECONDS"
    )]
    max_connection_age: Option<String>,

    /// Then let running calls finish for so long [default: 30]
    #[arg(
        id = "grpc-max-connection-age-grace",
        long = "grpc-max-connection-age-grace",
        value_name = "SECONDS"
    )]
    max_connection_age_grace: Option<String>,
}

impl GrpcAddressArguments {
    pub(super) fn flags(&self) -> Flags {
        given(&[
            ("grpc-host", &self.host),
            ("grpc-port", &self.port),
            ("grpc-uds", &self.uds),
        ])
    }
}

impl GrpcArguments {
    pub(super) fn flags(&self) -> Flags {
        let own = [
            ("grpc-uds-mode", &self.uds_mode),
            ("grpc-max-reply-size", &self.max_reply_size),
            ("grpc-max-concurrent-streams", &self.max_concurrent_streams),
            ("grpc-max-header-list-size", &self.max_header_list_size),
            ("grpc-handshake-timeout", &self.handshake_timeout),
            ("grpc-body-timeout", &self.body_timeout),
            ("grpc-keepalive-interval", &self.keepalive_interval),
            ("grpc-keepalive-timeout", &self.keepalive_timeout),
            ("grpc-max-connection-age", &self.max_connection_age),
            ("grpc-max-connection-age-grace", &self.max_connection_age_grace),
        ];
        let mut flags = self.address.flags();
        flags.extend(given(&own));
        flags
    }
}
