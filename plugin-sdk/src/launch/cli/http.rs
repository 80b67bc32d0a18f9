//! The flags of the MCP server over HTTP.

use clap::Args;

use super::{Flags, given};

/// Where the MCP server listens.
#[derive(Debug, Default, Args)]
pub(crate) struct HttpAddressArguments {
    /// Address that MCP listens on [default: 127.0.0.1]
    #[arg(id = "http-host", long = "http-host", value_name = "HOST")]
    host: Option<String>,

    /// Port that MCP listens on [default: 8000]
    #[arg(id = "http-port", long = "http-port", value_name = "PORT")]
    port: Option<String>,

    /// Unix socket that MCP listens on, instead of host and port
    #[arg(id = "http-uds", long = "http-uds", value_name = "PATH")]
    uds: Option<String>,
}

/// How the MCP server is set up.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "MCP over HTTP")]
pub(crate) struct HttpArguments {
    #[command(flatten)]
    address: HttpAddressArguments,

    /// File mode of that socket, in octal [default: 0600]
    #[arg(id = "http-uds-mode", long = "http-uds-mode", value_name = "MODE")]
    uds_mode: Option<String>,

    /// Names in the Host header beside those of the address; * for all
    #[arg(id = "http-allowed-hosts", long = "http-allowed-hosts", value_name = "NAMES")]
    allowed_hosts: Option<String>,

    /// Values of an Origin header beside those of the address; * for all
    #[arg(
        id = "http-allowed-origins",
        long = "http-allowed-origins",
        value_name = "ORIGINS"
    )]
    allowed_origins: Option<String>,

    /// Longest headers of a request [default: 16KiB]
    #[arg(
        id = "http-max-header-size",
        long = "http-max-header-size",
        value_name = "SIZE"
    )]
    max_header_size: Option<String>,

    /// Longest TLS handshake [default: 10]
    #[arg(
        id = "http-handshake-timeout",
        long = "http-handshake-timeout",
        value_name = "SECONDS"
    )]
    handshake_timeout: Option<String>,

    /// Refuse a request whose headers take longer [default: 10]
    #[arg(
        id = "http-header-timeout",
        long = "http-header-timeout",
        value_name = "SECONDS"
    )]
    header_timeout: Option<String>,

    /// Refuse a request whose body takes longer [default: 30]
    #[arg(id = "http-body-timeout", long = "http-body-timeout", value_name = "SECONDS")]
    body_timeout: Option<String>,

    /// Serve /metrics/prometheus: true or false [default: true]
    #[arg(id = "http-metrics", long = "http-metrics", value_name = "BOOLEAN")]
    metrics: Option<String>,
}

impl HttpAddressArguments {
    pub(super) fn flags(&self) -> Flags {
        given(&[
            ("http-host", &self.host),
            ("http-port", &self.port),
            ("http-uds", &self.uds),
        ])
    }
}

impl HttpArguments {
    pub(super) fn flags(&self) -> Flags {
        let own = [
            ("http-uds-mode", &self.uds_mode),
            ("http-allowed-hosts", &self.allowed_hosts),
            ("http-allowed-origins", &self.allowed_origins),
            ("http-max-header-size", &self.max_header_size),
            ("http-handshake-timeout", &self.handshake_timeout),
            ("http-header-timeout", &self.header_timeout),
            ("http-body-timeout", &self.body_timeout),
            ("http-metrics", &self.metrics),
        ];
        let mut flags = self.address.flags();
        flags.extend(given(&own));
        flags
    }
}
