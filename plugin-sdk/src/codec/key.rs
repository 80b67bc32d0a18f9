//! Keys of maps. On the wire they are strings; numbers, booleans and unit variants become one, as with JSON.

use serde::{
    de::{Deserializer, IntoDeserializer, Visitor},
    ser::{Impossible, Serialize, Serializer},
};

use super::{
    CodecError,
    field::{ELEMENT, KEY},
    message::Message,
    nesting::check_struct,
    raw::RAW,
    ser::{ValueSerializer, Writing},
    wire::{begin_wide, put_varint},
};

/// Begins an entry and appends its key. Returns how long the key is; nothing, where the SDK's own map had it append whole entries.
pub(super) struct KeySerializer<'a> {
    pub(super) out: &'a mut Vec<u8>,
    /// How the object is written that the entry is in.
    pub(super) writing: Writing,
}

macro_rules! spelled {
    ($($method:ident $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<Option<usize>, CodecError> {
            self.serialize_str(&value.to_string())
        }
    )*};
}

fn not_a_string<T>(found: &str) -> Result<T, CodecError> {
    Err(CodecError::new(format!(
        "a key of an object must be a string, not {found}"
    )))
}

impl Serializer for KeySerializer<'_> {
    type Ok = Option<usize>;
    type Error = CodecError;
    type SerializeSeq = Impossible<Option<usize>, CodecError>;
    type SerializeTuple = Impossible<Option<usize>, CodecError>;
    type SerializeTupleStruct = Impossible<Option<usize>, CodecError>;
    type SerializeTupleVariant = Impossible<Option<usize>, CodecError>;
    type SerializeMap = Impossible<Option<usize>, CodecError>;
    type SerializeStruct = Impossible<Option<usize>, CodecError>;
    type SerializeStructVariant = Impossible<Option<usize>, CodecError>;

    #[inline]
    fn serialize_str(self, value: &str) -> Result<Option<usize>, CodecError> {
        // Nearly all keys are short: what stands before them is written at once.
        let width = self.writing.width();
        match (width, u8::try_from(value.len())) {
            (1, Ok(length @ ..0x80)) => self.out.extend_from_slice(&[ELEMENT, 0, KEY, length]),
            (2, Ok(length @ ..0x80)) => self.out.extend_from_slice(&[ELEMENT, 0, 0, KEY, length]),
            _ => {
                begin_wide(self.out, ELEMENT, width);
                self.out.push(KEY);
                put_varint(self.out, value.len() as u64);
            }
        }
        self.out.extend_from_slice(value.as_bytes());
        Ok(Some(value.len()))
    }

    spelled! {
        serialize_bool bool,
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64, serialize_char char,
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Option<usize>, CodecError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Option<usize>, CodecError> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Option<usize>, CodecError> {
        value.serialize(self)
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<Option<usize>, CodecError> {
        not_a_string("bytes")
    }

    fn serialize_none(self) -> Result<Option<usize>, CodecError> {
        not_a_string("null")
    }

    fn serialize_unit(self) -> Result<Option<usize>, CodecError> {
        not_a_string("null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Option<usize>, CodecError> {
        not_a_string("null")
    }

    /// From the SDK's own map: the bytes of whole entries.
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result<Option<usize>, CodecError> {
        if name != RAW {
            return not_a_string("a variant with data");
        }
        let start = self.out.len();
        value.serialize(ValueSerializer::of_bytes(self.out, self.writing))?;
        let levels = self.writing.levels.around();
        if !levels.holds(index) {
            // The bound is that of the whole object the bytes came from; these may be shallower.
            check_struct(&Message::new(&self.out[start..]), levels)?;
        }
        Ok(None)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Self::SerializeSeq, CodecError> {
        not_a_string("a list")
    }

    fn serialize_tuple(self, _length: usize) -> Result<Self::SerializeTuple, CodecError> {
        not_a_string("a tuple")
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleStruct, CodecError> {
        not_a_string("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, CodecError> {
        not_a_string("a variant with data")
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Self::SerializeMap, CodecError> {
        not_a_string("an object")
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStruct, CodecError> {
        not_a_string("an object")
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, CodecError> {
        not_a_string("a variant with data")
    }
}

/// A key as it is shown to who reads it.
pub(crate) trait Key<'de>: AsRef<str> {
    fn show<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError>;
}

/// One that can be borrowed from the document.
impl<'de> Key<'de> for &'de str {
    #[inline]
    fn show<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_borrowed_str(self)
    }
}

/// One that does not live as long as what is read.
pub(crate) struct Passing<'a>(pub(crate) &'a str);

impl AsRef<str> for Passing<'_> {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl<'de> Key<'de> for Passing<'_> {
    fn show<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_str(self.0)
    }
}

/// A key. Keys are strings; a map whose keys are numbers or booleans reads them from the string, as with JSON.
pub(crate) struct KeyDeserializer<K>(pub(crate) K);

macro_rules! parsed_keys {
    ($($method:ident $visit:ident $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
            match self.0.as_ref().parse::<$type>() {
                Ok(key) => visitor.$visit(key),
                Err(_) => self.0.show(visitor),
            }
        }
    )*};
}

impl<'de, K: Key<'de>> Deserializer<'de> for KeyDeserializer<K> {
    type Error = CodecError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        self.0.show(visitor)
    }

    parsed_keys! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        visitor.visit_enum(self.0.as_ref().into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, K: Key<'de>> IntoDeserializer<'de, CodecError> for KeyDeserializer<K> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
