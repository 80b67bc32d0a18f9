//! A string that stays in the bytes it came in.

use bytes::Bytes;

use super::{CodecError, wire::Slice};

/// UTF-8 in the buffer of the request. `Clone` is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(Bytes);

impl Text {
    /// The part of `bytes` that `slice` was read from, if it is UTF-8.
    pub(crate) fn part(bytes: &Bytes, slice: Slice<'_>) -> Result<Self, CodecError> {
        slice.utf8()?;
        Ok(Self(part(bytes, slice)))
    }

    pub(crate) fn as_str(&self) -> &str {
        // It was checked when it was made.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// On the wire an empty string is an absent one.
    pub(crate) fn to_option(&self) -> Option<&str> {
        if self.0.is_empty() {
            None
        } else {
            Some(self.as_str())
        }
    }
}

/// The part of `bytes` that `slice` was read from.
pub(crate) fn part(bytes: &Bytes, slice: Slice<'_>) -> Bytes {
    bytes.slice(slice.offset..slice.offset + slice.bytes.len())
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
