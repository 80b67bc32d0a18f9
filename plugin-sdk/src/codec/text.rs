//! A string that stays in the bytes it came in.

use bytes::Bytes;

use super::{CodecError, wire::Slice};

/// UTF-8 in the buffer of the request. `Clone` is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(Bytes);

impl Text {
    /// The part of `bytes` that `slice` was read from, if it is UTF-8.
    pub(crate) fn part(bytes: &Bytes, slice: Slice<'_>) -> Result<Self, CodecError> {
        check_utf8(slice)?;
        Ok(Self(part(bytes, slice)))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
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

/// Complains about what is not UTF-8.
#[inline]
pub(crate) fn check_utf8(slice: Slice<'_>) -> Result<(), CodecError> {
    if is_utf8(slice.bytes) {
        return Ok(());
    }
    slice.utf8().map(drop)
}

/// Whether this is UTF-8. Nearly all strings are short, and ASCII, which is seen sooner: a tenth of the instructions of any call.
#[inline]
pub(crate) fn is_utf8(text: &[u8]) -> bool {
    is_ascii(text) || std::str::from_utf8(text).is_ok()
}

#[inline]
fn is_ascii(text: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let Some(last) = text.last_chunk() else {
        return text.iter().fold(0, |all, byte| all | byte) < 0x80;
    };
    let (words, _) = text.as_chunks();
    let all = words.iter().fold(u64::from_ne_bytes(*last), |all, word| {
        all | u64::from_ne_bytes(*word)
    });
    all & HIGH == 0
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_beyond_ascii_are_seen_wherever_they_are() {
        for length in 0..40 {
            let mut text = vec![b'a'; length];
            assert!(is_utf8(&text));
            for place in 0..length {
                text[place] = 0xff;
                assert!(!is_utf8(&text), "{place} of {length}");
                text[place] = b'a';
            }
        }
        assert!(is_utf8("漢字 und é, und so weiter".as_bytes()));
    }
}
