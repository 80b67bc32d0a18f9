//! A message field that may occur several times.

use bytes::Bytes;

/// The occurrences of a message field, merged: the merge of two messages is what their concatenation reads as.
#[derive(Debug)]
pub(crate) enum Merged {
    /// As it is in the buffer: what every real peer sends.
    Part(Bytes),
    Joined(Vec<u8>),
}

impl Default for Merged {
    fn default() -> Self {
        Self::Part(Bytes::new())
    }
}

impl Merged {
    pub(crate) fn merge(&mut self, piece: Bytes) {
        match self {
            Self::Part(part) if part.is_empty() => *part = piece,
            Self::Part(part) => *self = Self::Joined([part.as_ref(), piece.as_ref()].concat()),
            Self::Joined(joined) => joined.extend_from_slice(&piece),
        }
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Part(part) => part,
            Self::Joined(joined) => joined.into(),
        }
    }
}
