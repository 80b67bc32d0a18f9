//! How a gRPC server is set up.

use std::time::Duration;

use crate::server::listener::ListenSettings;

/// The largest message that the hosts' gRPC library takes unless it is told otherwise, which hosts do not.
pub(crate) const DEFAULT_MAX_REPLY_SIZE: usize = 4 * 1024 * 1024;

/// How long a message may take to arrive.
pub(crate) const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the server listens, and its limits besides those of every transport.
#[derive(Clone, Debug)]
pub(crate) struct GrpcSettings {
    pub(crate) listen: ListenSettings,
    /// The largest answer in bytes.
    pub(crate) max_reply_size: usize,
    /// Calls at one time on one connection; a client waits with further ones.
    pub(crate) max_concurrent_streams: u32,
    /// The headers of one request in bytes, as HTTP/2 counts them.
    pub(crate) max_header_list_size: u32,
    /// How long the message of a request may take to arrive.
    pub(crate) body_timeout: Duration,
    /// After so long without a word from a client it is asked whether it is there.
    pub(crate) keepalive_interval: Duration,
    /// A client that does not answer for so long is gone.
    pub(crate) keepalive_timeout: Duration,
    /// After so long a connection takes no new calls, so that its client connects again, perhaps to another server behind a
    /// load balancer.
    pub(crate) max_connection_age: Option<Duration>,
    /// How long running calls may go on after that.
    pub(crate) max_connection_age_grace: Duration,
}

impl Default for GrpcSettings {
    fn default() -> Self {
        Self {
            listen: ListenSettings::of_port(50051),
            max_reply_size: DEFAULT_MAX_REPLY_SIZE,
            max_concurrent_streams: 1024,
            max_header_list_size: 16 * 1024,
            body_timeout: DEFAULT_BODY_TIMEOUT,
            keepalive_interval: Duration::from_secs(60),
            keepalive_timeout: Duration::from_secs(20),
            max_connection_age: None,
            max_connection_age_grace: Duration::from_secs(30),
        }
    }
}
