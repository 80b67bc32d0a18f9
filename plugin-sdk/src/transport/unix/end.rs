//! Why a connection ends.

use std::io;

use bytes::Bytes;

use super::abandoned::Reason;
use crate::repeated::limited;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Closed,
    Drained,
    /// The client no longer waits for the answer, or that is not certain.
    Abandoned(Reason),
    Idle,
    NotReading,
    NoFrame(usize),
    NoEnvelope,
    Broken(io::ErrorKind),
    /// The client sent this envelope, and the connection goes on as one for those.
    Envelope(Bytes),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.kind())
    }
}

impl End {
    /// Logs it, as far as anybody wants to know.
    pub(super) fn record(self) {
        match self {
            Self::Closed | Self::Drained | Self::Envelope(_) => {}
            Self::Abandoned(reason) => reason.record(),
            Self::Idle => {
                tracing::debug!("a connection was idle for too long (PLUGINS_IDLE_TIMEOUT) and is closed");
            }
            Self::Broken(error) => tracing::debug!(%error, "a connection broke"),
            Self::NotReading => {
                limited!(
                    warn,
                    "a client does not read its answers (PLUGINS_WRITE_TIMEOUT); the connection is closed"
                );
            }
            Self::NoFrame(size) => {
                limited!(warn, "the first bytes of a frame are a length that no frame has; the connection is closed"; size);
            }
            Self::NoEnvelope => limited!(
                warn,
                "a message without an envelope came after one with it, so that its answer could not be told from the others; \
                 the connection is closed"
            ),
        }
    }
}
