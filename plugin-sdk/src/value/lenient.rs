//! JSON as hosts read it: of several entries with one key the last counts.

use super::{Document, Value};
use crate::codec::{CodecError, nesting::JsonLevels};

/// Reads JSON. What can't be read as it stands is read once more with each key only once, which is then the last one's value, and with
/// nothing between the tokens: a type refuses the second of two entries, or an entry that does not fit and that a later one replaces.
pub(crate) fn read_lenient<T>(
    text: &[u8],
    levels: JsonLevels,
    read: impl Fn(&[u8]) -> Result<T, CodecError>,
) -> Result<T, CodecError> {
    read(text).or_else(|error| match distinct(text, levels) {
        Some(text) => read(&text),
        None => Err(error),
    })
}

#[cold]
fn distinct(text: &[u8], levels: JsonLevels) -> Option<Vec<u8>> {
    let value: Value = Document::of_json(text, levels).decode().ok()?;
    Some(value.to_string().into_bytes())
}
