//! Documents between their bytes and Rust types: `google.protobuf.Struct` on gRPC and Unix sockets, JSON on MCP.
//!
//! Both directions go straight between the bytes and the type, without a tree in between. The rules are those of the
//! [protocol, section
//! 13](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#13-json-and-struct):
//!
//! - a whole number within ±2^53 is an integer, whatever its sender called it; other numbers are floats;
//! - an integer that no double holds exactly is an error rather than a rounded number, and so are NaN and infinity;
//! - of several entries with one key the last wins; a message field that occurs twice is merged;
//! - an integer beyond 64 bits keeps all its digits in JSON;
//! - nesting is bounded, by default by the 33 nested objects that a Python host can read, and by 128 levels in JSON.
//!
//! ```
//! # use std::collections::BTreeMap;
//! let bytes = plugin_sdk::codec::to_struct(&BTreeMap::from([("answer", 42)]))?;
//! let back: BTreeMap<String, u8> = plugin_sdk::codec::from_struct(&bytes)?;
//! assert_eq!(back["answer"], 42);
//! # Ok::<(), plugin_sdk::codec::CodecError>(())
//! ```

mod access;
mod de;
mod encoding;
mod error;
pub(crate) mod json;
pub(crate) mod key;
mod long;
pub(crate) mod merged;
pub(crate) mod message;
mod nested;
pub(crate) mod nesting;
pub(crate) mod number;
pub(crate) mod object;
pub(crate) mod plain;
pub(crate) mod raw;
mod ser;
pub(crate) mod text;
mod told;
pub(crate) mod wire;

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use encoding::Encoding;
pub use error::CodecError;
pub(crate) use json::{any_json, write_json};

use de::{Reading, StructDeserializer};
use message::Message;
use nesting::{JsonLevels, Levels, check_json};
pub(crate) use ser::Writing;
use ser::{STRUCT, ValueSerializer};

/// Reads the bytes of a `google.protobuf.Struct` into any type that serde can read from an object.
///
/// # Errors
///
/// When the bytes are not a `Struct`, nest deeper than 33 objects, or don't fit the type. The error names the byte or the
/// key.
pub fn from_struct<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    Document::of_struct(Message::new(bytes), Levels::of_objects(Levels::DEFAULT_OBJECTS)).decode()
}

/// Writes any type that serde writes as an object as the bytes of a `google.protobuf.Struct`.
///
/// # Errors
///
/// When the value is not an object, nests deeper than 33 objects, or holds a number that a double can't: the error names
/// the key.
pub fn to_struct<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::new();
    let start = write_struct(
        &mut out,
        value,
        STRUCT,
        Levels::of_objects(Levels::DEFAULT_OBJECTS),
    )?;
    out.drain(..start);
    Ok(out)
}

/// Appends a field that holds a `Struct`, with its tag and length. Returns where the content starts.
pub(crate) fn write_struct<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
    tag: u8,
    levels: Levels,
) -> Result<usize, CodecError> {
    write_struct_as(out, value, tag, Writing::new(levels))
}

/// As [`write_struct`], with all that can be said about the writing.
pub(crate) fn write_struct_as<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
    tag: u8,
    writing: Writing,
) -> Result<usize, CodecError> {
    // A `Value` that holds a struct is its tag, a length, and the content of the struct: just what is wanted, but for
    // the tag.
    let start = out.len();
    value.serialize(ValueSerializer::new(out, writing))?;
    match out.get_mut(start) {
        Some(first) if *first == STRUCT => *first = tag,
        _ => return Err(CodecError::new("expected an object at the root of the document")),
    }
    let length = out[start + 1..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
    Ok(start + 1 + length)
}

/// A payload in the form in which its transport carries it.
#[derive(Clone, Debug)]
pub struct Document<'a>(Content<'a>);

#[derive(Clone, Debug)]
enum Content<'a> {
    Struct {
        message: Message<'a>,
        /// The same bytes, where parts of them may be shared.
        shared: Option<&'a Bytes>,
        levels: Levels,
    },
    Json(&'a [u8], JsonLevels),
}

impl<'a> Document<'a> {
    pub(crate) fn of_struct(message: Message<'a>, levels: Levels) -> Self {
        Self(Content::Struct {
            message,
            shared: None,
            levels,
        })
    }

    /// A document of whose bytes large maps may keep a share rather than a copy.
    pub(crate) fn of_shared(bytes: &'a Bytes, levels: Levels) -> Self {
        Self(Content::Struct {
            message: Message::new(bytes),
            shared: Some(bytes),
            levels,
        })
    }

    pub(crate) fn of_json(text: &'a [u8], levels: JsonLevels) -> Self {
        Self(Content::Json(text, levels))
    }

    /// Reads the document into a type, which may borrow its strings from the document.
    ///
    /// # Errors
    ///
    /// When the document is malformed, too deep, or does not fit the type.
    pub fn decode<T: Deserialize<'a>>(&self) -> Result<T, CodecError> {
        match &self.0 {
            Content::Struct {
                message,
                shared,
                levels,
            } => decode_struct(message, *shared, *levels),
            Content::Json(text, levels) => {
                if check_json(text, *levels)?.has_long_integers
                    && let Some(value) = long::decode(text)
                {
                    return Ok(value);
                }
                json::read(text).map_err(|error| locate::<T>(text, error))
            }
        }
    }
}

fn decode_struct<'a, T: Deserialize<'a>>(
    message: &Message<'a>,
    document: Option<&'a Bytes>,
    levels: Levels,
) -> Result<T, CodecError> {
    let read = |last_of_duplicates| {
        let reading = Reading {
            document,
            levels,
            last_of_duplicates,
        };
        T::deserialize(StructDeserializer::new(message.clone(), reading))
    };
    read(false).or_else(|error| {
        if error.position().is_some() {
            return Err(error);
        }
        // A type refuses the second of two entries, or an entry that does not fit and that a later one replaces.
        read(true).map_err(|_| error)
    })
}

/// Finds the keys that lead to a mistake, which costs too much to keep track of while there is none.
#[cold]
fn locate<'a, T: Deserialize<'a>>(text: &'a [u8], error: serde_json::Error) -> CodecError {
    let mut json = serde_json::Deserializer::from_slice(text);
    json.disable_recursion_limit();
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(located) if located.path().iter().len() > 0 => {
            let path = located.path().to_string();
            CodecError::from(located.into_inner()).in_key(&path)
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, collections::BTreeMap};

    use serde_json::json;

    use super::*;
    use crate::value::Map;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Borrowed<'a> {
        text: &'a str,
        #[serde(borrow)]
        maybe: Option<Cow<'a, str>>,
        list: Vec<&'a str>,
        #[serde(borrow)]
        map: BTreeMap<&'a str, &'a [u8]>,
        #[serde(borrow)]
        shape: Shape<'a>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape<'a> {
        Named { name: &'a str },
    }

    #[test]
    fn strings_are_borrowed_from_the_document() {
        let bytes = to_struct(&json!({
            "text": "é", "maybe": "漢", "list": ["a", ""], "map": {"k": "bytes"}, "shape": {"Named": {"name": "n"}}
        }));
        let bytes = bytes.unwrap();
        let levels = Levels::of_objects(Levels::DEFAULT_OBJECTS);
        let read: Borrowed<'_> = Document::of_struct(Message::new(&bytes), levels)
            .decode()
            .unwrap();
        let expected = Borrowed {
            text: "é",
            maybe: Some("漢".into()),
            list: vec!["a", ""],
            map: BTreeMap::from([("k", b"bytes".as_slice())]),
            shape: Shape::Named { name: "n" },
        };
        assert_eq!(read, expected);
        assert!(bytes.as_ptr_range().contains(&read.text.as_ptr()));
    }

    #[test]
    fn a_document_may_come_in_pieces_and_as_deep_as_the_setting_goes() {
        let mut message = Message::new(&[]);
        let pieces = [
            to_struct(&json!({"a": {"b": 1}})),
            to_struct(&json!({"c": 2, "a": null})),
        ];
        let pieces = pieces.map(Result::unwrap);
        for piece in &pieces {
            message.merge(wire::Slice::new(piece));
        }
        let levels = Levels::of_objects(Levels::DEFAULT_OBJECTS);
        let map: Map = Document::of_struct(message, levels).decode().unwrap();
        assert_eq!(serde_json::to_value(&map).unwrap(), json!({"a": null, "c": 2}));

        let deepest = (0..Levels::MAX_OBJECTS).fold(json!({}), |inside, _| json!({ "k": inside }));
        let levels = Levels::of_objects(u32::MAX);
        let mut out = Vec::new();
        let start = write_struct(&mut out, &deepest, STRUCT, levels).unwrap();
        let document = Document::of_struct(Message::new(&out[start..]), levels);
        assert_eq!(document.decode::<serde_json::Value>().unwrap(), deepest);
        assert_eq!(
            serde_json::to_value(document.decode::<Map>().unwrap()).unwrap(),
            deepest
        );
        assert!(from_struct::<Map>(&out[start..]).is_err());
    }
}
