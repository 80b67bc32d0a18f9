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
mod field;
pub(crate) mod json;
pub(crate) mod key;
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
use field::STRUCT;
use message::Message;
use nesting::Levels;
use ser::ValueSerializer;
pub(crate) use ser::Writing;

/// Reads the bytes of a `google.protobuf.Struct` into any type that serde can read from an object.
///
/// # Errors
///
/// When the bytes are not a `Struct`, nest deeper than 33 objects, or don't fit the type. The error names the byte or the
/// key.
pub fn from_struct<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    decode_struct(
        &Message::new(bytes),
        None,
        Levels::of_objects(Levels::DEFAULT_OBJECTS),
    )
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

/// Reads a `Struct`, of whose bytes large maps may keep a share rather than a copy where it is all of `document`.
pub(crate) fn decode_struct<'a, T: Deserialize<'a>>(
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
