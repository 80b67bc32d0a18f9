//! How a gRPC server is set up.

use std::{path::PathBuf, time::Duration};

use crate::server::tls::TlsSettings;

/// The largest message that the hosts' gRPC library takes unless it is told otherwise, which hosts do not.
pub(crate) const DEFAULT_MAX_REPLY_SIZE: usize = 4 * 1024 * 1024;

/// Where the server listens, and what it takes on beside the limits of every transport.
#[derive(Clone, Debug)]
pub(crate) struct GrpcSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// A Unix socket instead of host and port.
    pub(crate) uds: Option<PathBuf>,
    /// The mode of the socket file.
    pub(crate) uds_mode: u32,
    pub(crate) tls: Option<TlsSettings>,
    /// The largest answer in bytes.
    pub(crate) max_reply_size: usize,
    /// Calls at one time on one connection; a client waits with further ones.
    pub(crate) max_concurrent_streams: u32,
    /// The headers of one request in bytes, as HTTP/2 counts them.
    pub(crate) max_header_list_size: u32,
    /// How long a new connection may take until it speaks HTTP/2, TLS included.
    pub(crate) handshake_timeout: Duration,
    /// After so long without a word from a client it is asked whether it is there.
    pub(crate) keepalive_interval: Duration,
    /// A client that does not answer for so long is gone.
    pub(crate) keepalive_timeout: Duration,
    /// After so long a connection takes no new calls, so that its client connects anew, perhaps to another server behind a
    /// load balancer.
    pub(crate) max_connection_age: Option<Duration>,
    /// How long running calls may go on after that.
    pub(crate) max_connection_age_grace: Duration,
}

impl Default for GrpcSettings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 50051,
            uds: None,
            uds_mode: 0o600,
            tls: None,
            max_reply_size: DEFAULT_MAX_REPLY_SIZE,
            max_concurrent_streams: 1024,
            max_header_list_size: 16 * 1024,
            handshake_timeout: Duration::from_secs(10),
            keepalive_interval: Duration::from_secs(60),
            keepalive_timeout: Duration::from_secs(20),
            max_connection_age: None,
            max_connection_age_grace: Duration::from_secs(30),
        }
    }
}
