//! How the SDK's own map goes through serde as wire bytes.
//!
//! serde has no word for bytes that already are what the format writes. Map and codec recognise each other by a newtype with
//! a name of their own, inside which the codec says that it is not human-readable, and outside that it is. Any other format
//! says the same in both places, so it never sees wire bytes, and never gives us bytes that nobody checked.

use serde::de::{Deserializer, Visitor};

use super::{CodecError, message::Message};

/// The name of the newtype around a map or an entry of one.
pub(crate) const RAW: &str = "$plugin_sdk::raw";

/// The name under which a map asks for an object that holds only strings.
pub(crate) const RAW_STRINGS: &str = "$plugin_sdk::raw_strings";

/// The variant under which the map hands over the bytes of a whole `Struct`, and of one `Value`. Its index is the number of
/// levels that they take at the most.
pub(crate) const RAW_STRUCT: &str = "struct";
pub(crate) const RAW_VALUE: &str = "value";

/// Hands over the checked bytes of an object, with the levels that they take in the last four bytes.
pub(super) struct RawDeserializer(Vec<u8>);

impl RawDeserializer {
    pub(super) fn new(message: &Message<'_>, levels: u32) -> Self {
        let levels = levels.to_le_bytes();
        let mut raw = message.to_vec(levels.len());
        raw.extend_from_slice(&levels);
        Self(raw)
    }
}

impl<'de> Deserializer<'de> for RawDeserializer {
    type Error = CodecError;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_byte_buf(self.0)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
