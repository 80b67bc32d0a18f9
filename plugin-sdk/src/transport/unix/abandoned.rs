//! Answers that no caller may get: a host that gave up on its call would take one for the answer to its next.

use metrics::{Counter, counter, describe_counter};

use crate::repeated::limited;

const NAME: &str = "plugin_abandoned_answers_total";

/// Why an answer is not sent, and its connection closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The client sent something before it had the answer.
    NextRequest,
    /// The answer was ready, or could be written, only after its deadline.
    Deadline,
    /// The process stood still, and the client may have given up meanwhile.
    Pause,
}

impl Reason {
    const ALL: [Self; 3] = [Self::NextRequest, Self::Deadline, Self::Pause];

    /// The reason as a label of the metric.
    fn as_str(self) -> &'static str {
        match self {
            Self::NextRequest => "next_request",
            Self::Deadline => "deadline",
            Self::Pause => "pause",
        }
    }

    fn counter(self) -> Counter {
        counter!(NAME, "reason" => self.as_str())
    }

    /// Counts and logs it.
    pub(super) fn record(self) {
        self.counter().increment(1);
        match self {
            Self::NextRequest => limited!(
                warn,
                "a client sent something before it had its answer, so it has given up on that; the connection is closed, so that \
                 the answer is not taken for another (are the host's timeouts above the time of the call?)"
            ),
            Self::Deadline => limited!(
                warn,
                "an answer came after its deadline (PLUGINS_CALL_TIMEOUT); the connection is closed, so that the answer is not \
                 taken for that to another call"
            ),
            Self::Pause => limited!(
                warn,
                "the process stood still for a while; the connection is closed, since its client may have given up on the \
                 request that it sent"
            ),
        }
    }
}

/// Shows every reason from the start.
pub(super) fn announce() {
    describe_counter!(
        NAME,
        "Answers that were not sent because their caller may have given up, by reason"
    );
    for reason in Reason::ALL {
        reason.counter().increment(0);
    }
}
