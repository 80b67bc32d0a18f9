//! How the SDK's own map goes through serde as wire bytes.
//!
//! serde has no word for bytes that already are what the format writes. Map and codec recognise each other by a newtype with
//! a name of their own, inside which the codec says that it is not human-readable, and outside that it is. Any other format
//! says the same in both places, so it never sees wire bytes, and never gives us unchecked bytes, unless an
//! author takes our names.

use std::cell::Cell;

use bytes::Bytes;
use serde::de::{Deserializer, Visitor};

use super::{CodecError, message::Message};

/// The name of the newtype around a map or an entry of one.
pub(crate) const RAW: &str = "$plugin_sdk::raw";

/// The name under which a map asks for an object that holds only strings.
pub(crate) const RAW_STRINGS: &str = "$plugin_sdk::raw_strings";

/// The variant under which the map hands over the bytes of a whole `Struct`, of entries in place of a key, and of one `Value`. Its
/// index is the number of levels that they take at the most; of entries, that a `Struct` of them takes.
pub(crate) const RAW_STRUCT: &str = "struct";
pub(crate) const RAW_ENTRIES: &str = "entries";
pub(crate) const RAW_VALUE: &str = "value";

/// The variant under which an integer beyond 128 bits hands over the nearest double. Its index is 1 if that is the integer.
pub(crate) const RAW_NUMBER: &str = "number";

/// The checked bytes of an object.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) bytes: Bytes,
    /// The levels that they take at the most.
    pub(crate) levels: u32,
}

impl Checked {
    /// The bytes of a checked message. Of a document, if there is one, large ones are a share.
    pub(crate) fn of(document: Option<&Bytes>, message: &Message<'_>, levels: u32) -> Self {
        let bytes = match (document, message) {
            (Some(document), Message::One(part)) => part_of(document, part.bytes),
            _ => message.to_vec().into(),
        };
        Self { bytes, levels }
    }
}

/// Below this size bytes are copied out of their document, so that a small map which a plugin keeps does not keep all that came
/// with it.
const SHARED_SIZE: usize = 4096;

/// A part of a document by itself.
pub(crate) fn part_of(document: &Bytes, part: &[u8]) -> Bytes {
    if part.len() < SHARED_SIZE {
        Bytes::copy_from_slice(part)
    } else {
        document.slice_ref(part)
    }
}

thread_local! {
    /// serde carries only what it has words for; between two calls on one thread this carries the bytes.
    static HANDED_OVER: Cell<Option<Checked>> = const { Cell::new(None) };
}

/// Takes what a [`RawDeserializer`] hands over, from inside the visitor that it calls.
pub(crate) fn take() -> Option<Checked> {
    HANDED_OVER.take()
}

/// Hands over the checked bytes of an object, with a unit.
pub(super) struct RawDeserializer(Checked);

impl RawDeserializer {
    pub(super) fn new(document: Option<&Bytes>, message: &Message<'_>, levels: u32) -> Self {
        Self(Checked::of(document, message, levels))
    }
}

impl<'de> Deserializer<'de> for RawDeserializer {
    type Error = CodecError;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        HANDED_OVER.set(Some(self.0));
        let value = visitor.visit_unit();
        // A visitor that is not ours leaves them.
        HANDED_OVER.set(None);
        value
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
