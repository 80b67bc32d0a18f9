//! The id of a request.

use std::fmt;

use serde_json::value::RawValue;

use super::members::string;

/// The id of a request: a string or a number, as its client wrote it, since that is how it goes back.
///
/// Two ids are the same if they are the same string, however it was escaped, or the same digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(Box<str>);

impl Id {
    /// `None` for a value that is neither a string nor a number.
    pub(crate) fn of(value: &RawValue) -> Option<Self> {
        let text = value.get();
        if text.starts_with('"') {
            let held = string(value)?;
            // As short as it can be written.
            return serde_json::to_string(&held).ok().map(|text| Self(text.into()));
        }
        let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        is_number.then(|| Self(text.into()))
    }

    /// One of those that we give: a number.
    pub(crate) fn number(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The id as JSON.
    pub(crate) fn as_json(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
