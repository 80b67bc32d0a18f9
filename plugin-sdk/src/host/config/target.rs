//! Where a plugin's server is, and how it is reached: the sections `unix_socket`, `grpc` and `mcp` of an entry.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::address::Allowed;

/// One of the sections, checked by the hosts' rules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    Unix(UnixTarget),
    Grpc(GrpcTarget),
    /// MCP over streamable HTTP.
    Http(HttpTarget),
    /// MCP with a child process.
    Stdio(StdioTarget),
    /// MCP as no host can connect to it, although all of them accept it.
    Sse,
}

impl Target {
    /// Attempts and pauses. gRPC's section has no keys for them, and the same defaults.
    pub(crate) fn reconnect(&self) -> Reconnect {
        match self {
            Self::Unix(target) => target.reconnect,
            Self::Grpc(_) | Self::Sse => Reconnect::default(),
            Self::Http(target) => target.reconnect,
            Self::Stdio(target) => target.reconnect,
        }
    }

    /// How long a call may take, where the section says.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        match self {
            Self::Unix(target) => target.timeout,
            Self::Grpc(_) | Self::Http(_) | Self::Stdio(_) | Self::Sse => None,
        }
    }
}

/// `unix_socket`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UnixTarget {
    pub(crate) path: PathBuf,
    pub(crate) reconnect: Reconnect,
    pub(crate) timeout: Option<Duration>,
}

/// `grpc`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GrpcTarget {
    pub(crate) endpoint: GrpcEndpoint,
    pub(crate) tls: Option<ClientTls>,
}

/// `grpc.target` or `grpc.uds`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum GrpcEndpoint {
    /// As gRPC writes it: `host:port`, `[::1]:5`, `dns:///name:1`, `unix:/path`.
    Target(String),
    Socket(PathBuf),
}

/// `mcp` with `proto: STREAMABLEHTTP`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HttpTarget {
    pub(crate) url: String,
    /// The socket to connect to in place of the address in the URL.
    pub(crate) uds: Option<PathBuf>,
    pub(crate) tls: Option<ClientTls>,
    pub(crate) reconnect: Reconnect,
    /// Where connections may go, whatever name the address hides behind (`PLUGINS_SSRF_PROTECTION_ENABLED`). Each address that the
    /// name is resolved to is looked at, just before connecting.
    pub(crate) addresses: Allowed,
}

/// `mcp` with `proto: STDIO`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StdioTarget {
    /// The program and its arguments. A `script` has become one.
    pub(crate) command: Vec<String>,
    /// Added to the environment of this process.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) reconnect: Reconnect,
}

/// How often, and after what first pause, a connection is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reconnect {
    /// Attempts after the first one.
    pub(crate) attempts: u32,
    /// The first pause; those after it double.
    pub(crate) delay: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            attempts: 3,
            delay: Duration::from_millis(100),
        }
    }
}

/// `tls` of a section, or the variables that stand for it.
#[derive(Clone, PartialEq)]
pub(crate) struct ClientTls {
    /// A certificate for the server, with its key here or in `keyfile`.
    pub(crate) certfile: Option<PathBuf>,
    pub(crate) keyfile: Option<PathBuf>,
    pub(crate) keyfile_password: Option<String>,
    /// Authorities that the server's certificate may come from: in addition to those of the system for MCP, and in their place for
    /// gRPC.
    pub(crate) ca_bundle: Option<PathBuf>,
    /// Whether the server's certificate is checked at all.
    pub(crate) verify: bool,
    /// Whether its name is checked. gRPC has no key for that, and always checks.
    pub(crate) check_hostname: bool,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the password.
        formatter
            .debug_struct("ClientTls")
            .field("certfile", &self.certfile)
            .field("keyfile", &self.keyfile)
            .field("ca_bundle", &self.ca_bundle)
            .field("verify", &self.verify)
            .field("check_hostname", &self.check_hostname)
            .finish_non_exhaustive()
    }
}
