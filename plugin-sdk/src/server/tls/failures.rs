//! Counting and logging the handshakes that fail.

use std::fmt;

use metrics::{Counter, counter, describe_counter};

use crate::repeated::limited;

/// Why a handshake fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub(crate) enum HandshakeFailure {
    /// The client's certificate is missing or not good, or the client does not accept the server's.
    Certificate,
    /// The client does not speak TLS, or not in a way that both sides know.
    Protocol,
    /// The client takes too long.
    Timeout,
    /// The client goes away during the handshake, or after it without a word: it may not accept the server's certificate.
    Abandoned,
    /// The client goes away before it begins; also the health check of a load balancer that only connects.
    Disconnected,
}

impl HandshakeFailure {
    pub(super) const ALL: [Self; 5] = [
        Self::Certificate,
        Self::Protocol,
        Self::Timeout,
        Self::Abandoned,
        Self::Disconnected,
    ];

    /// The reason as a label of a metric.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::Abandoned => "abandoned",
            Self::Disconnected => "disconnected",
        }
    }

    fn counter(self) -> Counter {
        counter!(NAME, "reason" => self.as_str())
    }

    /// Counts and logs a handshake that failed.
    pub(super) fn record(self, peer: &dyn fmt::Display, problem: &dyn fmt::Display) {
        self.counter().increment(1);
        if self == Self::Disconnected {
            tracing::debug!(%peer, "TLS handshake failed: {problem}");
            return;
        }
        // Clients that can't connect try again and again, and scanners never stop.
        limited!(warn, kind: "TLS handshakes that failed"; %peer, reason = self.as_str(), "TLS handshake failed: {problem}");
    }
}

const NAME: &str = "plugin_tls_handshake_failures_total";

/// Shows every reason from the start.
pub(super) fn announce() {
    describe_counter!(NAME, "TLS handshakes that failed, by reason");
    for failure in HandshakeFailure::ALL {
        failure.counter().increment(0);
    }
}
