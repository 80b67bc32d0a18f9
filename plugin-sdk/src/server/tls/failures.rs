//! Counting and logging the handshakes that fail.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

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
    /// Every reason, in the order of their counters.
    pub(crate) const ALL: [Self; 5] = [
        Self::Certificate,
        Self::Protocol,
        Self::Timeout,
        Self::Abandoned,
        Self::Disconnected,
    ];

    /// The reason as a label of a metric.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::Abandoned => "abandoned",
            Self::Disconnected => "disconnected",
        }
    }
}

/// The handshakes that failed since the start, by reason.
#[derive(Debug, Default)]
pub(crate) struct HandshakeFailures {
    counters: [AtomicU64; HandshakeFailure::ALL.len()],
}

impl HandshakeFailures {
    /// How many failed for this reason.
    #[cfg(test)]
    pub(crate) fn count(&self, failure: HandshakeFailure) -> u64 {
        self.counters[failure as usize].load(Ordering::Relaxed)
    }

    /// How many failed for any reason.
    #[cfg(test)]
    pub(crate) fn total(&self) -> u64 {
        HandshakeFailure::ALL
            .into_iter()
            .map(|failure| self.count(failure))
            .sum()
    }

    pub(super) fn record(
        &self,
        failure: HandshakeFailure,
        peer: &dyn fmt::Display,
        problem: &dyn fmt::Display,
    ) {
        self.counters[failure as usize].fetch_add(1, Ordering::Relaxed);
        failed(failure).increment(1);
        if failure == HandshakeFailure::Disconnected {
            tracing::debug!(%peer, "TLS handshake failed: {problem}");
            return;
        }
        // Clients that can't connect try again and again, and scanners never stop.
        limited!(warn, kind: "TLS handshakes that failed"; %peer, reason = failure.as_str(), "TLS handshake failed: {problem}");
    }
}

/// The same for the recorder of metrics, where all servers of the process count together.
fn failed(failure: HandshakeFailure) -> Counter {
    counter!(NAME, "reason" => failure.as_str())
}

const NAME: &str = "plugin_tls_handshake_failures_total";

/// Shows every reason from the start.
pub(super) fn announce() {
    describe_counter!(NAME, "TLS handshakes that failed, by reason");
    for failure in HandshakeFailure::ALL {
        failed(failure).increment(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_reason() {
        let failures = HandshakeFailures::default();
        for reason in [
            HandshakeFailure::Timeout,
            HandshakeFailure::Disconnected,
            HandshakeFailure::Timeout,
        ] {
            failures.record(reason, &"peer", &"problem");
        }
        let counts = HandshakeFailure::ALL.map(|reason| failures.count(reason));
        assert_eq!(counts, [0, 0, 2, 0, 1]);
        assert_eq!(failures.total(), 3);
    }
}
