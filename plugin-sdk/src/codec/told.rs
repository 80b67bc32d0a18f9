//! What an error of serde tells, without the values that it quotes.
//!
//! Errors go to callers and into the log, and a payload may hold what neither may see. Serde's own messages name the types; their
//! values are taken out. A message of any other type may hold anything, and is replaced.

use std::borrow::Cow;

/// Stands for a message that is not one of serde's own.
pub(super) const NOT_VALID: &str = "the value is not valid for its type";

/// What comes after the kind of a value in serde's messages.
const EXPECTED: &str = ", expected ";

/// Messages that quote nothing but what the program itself says: fields of its types, and the SDK's own words.
const HARMLESS: [&str; 9] = [
    "missing field `",
    "duplicate field `",
    // It is a key, which is part of the path as well.
    "unknown field `",
    "invalid length ",
    "data did not match any variant of untagged enum ",
    "no variant of enum ",
    "can only flatten structs and maps",
    "content part `",
    "an object of more than 4 GiB",
];

/// Kinds of values as serde writes them in front of what it expected.
const KINDS: [&str; 15] = [
    "value",
    "null",
    "unit value",
    "byte array",
    "Option value",
    "newtype struct",
    "sequence",
    "map",
    "enum",
    "unit variant",
    "newtype variant",
    "tuple variant",
    "struct variant",
    "an integer beyond 64 bits",
    "an integer beyond 128 bits",
];

/// Kinds with a value between two marks.
const QUOTED: [(&str, &str); 5] = [
    ("string ", "string"),
    ("boolean ", "boolean"),
    ("integer ", "integer"),
    ("floating point ", "floating point number"),
    ("character ", "character"),
];

/// The message without the values that it quotes.
pub(super) fn without_values(message: &str) -> Cow<'_, str> {
    for what in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = message.strip_prefix(what) {
            return match kind(rest) {
                Some((kind, expected)) => format!("{what}{kind}{EXPECTED}{expected}").into(),
                None => NOT_VALID.into(),
            };
        }
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        // The last one: the variant may hold the same words.
        return match rest.rsplit_once("`, expected ") {
            Some((_, expected)) => format!("unknown variant{EXPECTED}{expected}").into(),
            None => "unknown variant".into(),
        };
    }
    if HARMLESS.iter().any(|start| message.starts_with(start)) {
        return message.into();
    }
    NOT_VALID.into()
}

/// The kind of the value that was found, and what was expected in its place.
fn kind(found: &str) -> Option<(&'static str, &str)> {
    for (start, kind) in QUOTED {
        if let Some(value) = found.strip_prefix(start) {
            return Some((kind, after_quoted(value)?.strip_prefix(EXPECTED)?));
        }
    }
    KINDS.into_iter().find_map(|kind| {
        let expected = found.strip_prefix(kind)?.strip_prefix(EXPECTED)?;
        Some((kind, expected))
    })
}

/// What comes after a value, which is between `"` with escapes or between backticks without.
fn after_quoted(text: &str) -> Option<&str> {
    match text.strip_prefix('"') {
        Some(inside) => {
            let mut is_escaped = false;
            let end = inside.find(|character| {
                let ends = character == '"' && !is_escaped;
                is_escaped = character == '\\' && !is_escaped;
                ends
            })?;
            inside.get(end + 1..)
        }
        // One character, which may be a backtick itself, or a number.
        None => text
            .strip_prefix('`')?
            .split_once('`')
            .map(|(_, rest)| rest.trim_start_matches('`')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_out_of_what_serde_says() {
        for (message, expected) in [
            (
                "invalid type: string \"Bearer X\", expected a map",
                "invalid type: string, expected a map",
            ),
            (
                "invalid type: string \"a\\\"b\\\\\\\", expected u8\", expected a map",
                "invalid type: string, expected a map",
            ),
            (
                "invalid type: integer `3`, expected a string",
                "invalid type: integer, expected a string",
            ),
            (
                "invalid value: integer `300`, expected u8",
                "invalid value: integer, expected u8",
            ),
            (
                "invalid type: floating point `1.5`, expected a string",
                "invalid type: floating point number, expected a string",
            ),
            (
                "invalid value: character ```, expected x",
                "invalid value: character, expected x",
            ),
            (
                "invalid type: boolean `true`, expected u8",
                "invalid type: boolean, expected u8",
            ),
            (
                "invalid type: null, expected u8",
                "invalid type: null, expected u8",
            ),
            ("invalid type: map, expected u8", "invalid type: map, expected u8"),
            ("invalid type: Bearer X, expected u8", NOT_VALID),
            ("invalid value: string \"Bearer X", NOT_VALID),
            (
                "unknown variant `a`, expected `Bearer`, expected one of `b`, `c`",
                "unknown variant, expected one of `b`, `c`",
            ),
            ("unknown variant `a`, there are no variants", "unknown variant"),
            ("missing field `name`", "missing field `name`"),
            (
                "invalid length 3, expected 2 elements",
                "invalid length 3, expected 2 elements",
            ),
            ("relative URL without a base: \"Bearer X\"", NOT_VALID),
        ] {
            assert_eq!(without_values(message), expected, "{message}");
        }
    }
}
