//! Reads `google.protobuf.Struct` wire bytes straight into a Rust type: a serde `Deserializer` without a tree.

use bytes::Bytes;
use serde::de::{Deserializer, IntoDeserializer, Visitor};

use super::{
    CodecError,
    access::{Entries, Values, Variant},
    message::{Kind, Message},
    nesting::{Levels, check_strings, check_struct},
    number::{self, Integer, whole},
    raw::{RAW, RAW_STRINGS, RawDeserializer},
};

/// How a document is read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'de> {
    /// What all of it lies in, where that may be shared.
    pub(crate) document: Option<&'de Bytes>,
    pub(crate) levels: Levels,
    /// Only the last of several entries with one key is shown. A map takes the last one by itself; a type that does not is
    /// read again with this set.
    pub(crate) last_of_duplicates: bool,
}

impl Reading<'_> {
    /// How what lies `count` messages further in is read.
    #[inline]
    pub(super) fn enter(self, count: u32, offset: usize) -> Result<Self, CodecError> {
        Ok(Self {
            levels: self.levels.enter(count, offset)?,
            ..self
        })
    }
}

/// A `google.protobuf.Value`.
pub(crate) struct ValueDeserializer<'de> {
    pub(super) value: Message<'de>,
    pub(super) reading: Reading<'de>,
}

/// A `google.protobuf.Struct`, where no `Value` stands around it: the root of every document.
pub(crate) struct StructDeserializer<'de> {
    message: Message<'de>,
    reading: Reading<'de>,
}

impl<'de> StructDeserializer<'de> {
    pub(crate) fn new(message: Message<'de>, reading: Reading<'de>) -> Self {
        Self { message, reading }
    }
}

/// What all deserializers find out first.
trait OfKind<'de> {
    fn kind(self) -> Result<(Kind<'de>, Reading<'de>), CodecError>;
}

impl<'de> OfKind<'de> for StructDeserializer<'de> {
    fn kind(self) -> Result<(Kind<'de>, Reading<'de>), CodecError> {
        Ok((Kind::Struct(self.message), self.reading))
    }
}

impl<'de> OfKind<'de> for ValueDeserializer<'de> {
    #[inline]
    fn kind(self) -> Result<(Kind<'de>, Reading<'de>), CodecError> {
        Ok((self.value.kind()?, self.reading))
    }
}

#[inline]
fn any<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    match kind {
        Kind::Null => visitor.visit_unit(),
        Kind::Bool(value) => visitor.visit_bool(value),
        Kind::String(value) => visitor.visit_borrowed_str(value),
        Kind::Number(value) => match whole(value) {
            Some(value) => match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(value),
            },
            None => visitor.visit_f64(value),
        },
        Kind::Struct(message) => {
            let mut entries = Entries::new(message, reading)?;
            let value = visitor.visit_map(&mut entries)?;
            entries.finish()?;
            Ok(value)
        }
        Kind::List(message) => {
            let mut values = Values::new(message, reading)?;
            let value = visitor.visit_seq(&mut values)?;
            values.finish()?;
            Ok(value)
        }
    }
}

/// An integer type was asked for: a whole double of any size that it holds will do.
fn integer<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    wide: bool,
    visitor: V,
) -> Result<V::Value, CodecError> {
    let Kind::Number(value) = kind else {
        return any(kind, reading, visitor);
    };
    match number::integer(value, wide) {
        Some(Integer::U64(value)) => visitor.visit_u64(value),
        Some(Integer::I64(value)) => visitor.visit_i64(value),
        Some(Integer::I128(value)) => visitor.visit_i128(value),
        Some(Integer::U128(value)) => visitor.visit_u128(value),
        None => visitor.visit_f64(value),
    }
}

fn narrow_integer<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    integer(kind, reading, false, visitor)
}

fn wide_integer<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    integer(kind, reading, true, visitor)
}

fn float<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    match kind {
        Kind::Number(value) => visitor.visit_f64(value),
        kind => any(kind, reading, visitor),
    }
}

fn bytes<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    match kind {
        Kind::String(value) => visitor.visit_borrowed_bytes(value.as_bytes()),
        kind => any(kind, reading, visitor),
    }
}

fn option<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    match kind {
        Kind::Null => visitor.visit_none(),
        kind => visitor.visit_some(KindDeserializer { kind, reading }),
    }
}

/// The SDK's own map asks under names of its own, and gets the wire bytes of an object, checked.
fn newtype<'de, V: Visitor<'de>>(
    name: &'static str,
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    let check = match name {
        RAW => check_struct,
        RAW_STRINGS => check_strings,
        _ => return visitor.visit_newtype_struct(KindDeserializer { kind, reading }),
    };
    match kind {
        Kind::Struct(message) => {
            let levels = check(&message, reading.levels)?;
            visitor.visit_newtype_struct(RawDeserializer::new(reading.document, &message, levels))
        }
        kind => any(kind, reading, visitor),
    }
}

fn enumeration<'de, V: Visitor<'de>>(
    kind: Kind<'de>,
    reading: Reading<'de>,
    visitor: V,
) -> Result<V::Value, CodecError> {
    match kind {
        Kind::String(variant) => visitor.visit_enum(variant.into_deserializer()),
        Kind::Struct(message) => {
            let mut entries = Entries::new(message, reading)?;
            let Some((variant, mut value)) = entries.next()? else {
                return Err(CodecError::new(
                    "expected an object with one key, the variant, found an empty one",
                ));
            };
            while let Some((another, last)) = entries.next()? {
                if another != variant {
                    return Err(CodecError::new(
                        "expected an object with one key, the variant, found several",
                    ));
                }
                value = last;
            }
            entries
                .value(value)
                .and_then(|data| visitor.visit_enum(Variant { variant, data }))
                .map_err(|error| error.in_key(variant))
        }
        kind => any(kind, reading, visitor),
    }
}

/// A `Value` whose kind is already known.
struct KindDeserializer<'de> {
    kind: Kind<'de>,
    reading: Reading<'de>,
}

impl<'de> OfKind<'de> for KindDeserializer<'de> {
    fn kind(self) -> Result<(Kind<'de>, Reading<'de>), CodecError> {
        Ok((self.kind, self.reading))
    }
}

macro_rules! deserializer {
    ($($type:ident)*) => {$(
        impl<'de> Deserializer<'de> for $type<'de> {
            type Error = CodecError;

            #[inline]
            fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
                let (kind, reading) = self.kind()?;
                any(kind, reading, visitor)
            }

            fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
                let (kind, reading) = self.kind()?;
                option(kind, reading, visitor)
            }

            fn deserialize_newtype_struct<V: Visitor<'de>>(
                self,
                name: &'static str,
                visitor: V,
            ) -> Result<V::Value, CodecError> {
                let (kind, reading) = self.kind()?;
                newtype(name, kind, reading, visitor)
            }

            fn deserialize_enum<V: Visitor<'de>>(
                self,
                _name: &'static str,
                _variants: &'static [&'static str],
                visitor: V,
            ) -> Result<V::Value, CodecError> {
                let (kind, reading) = self.kind()?;
                enumeration(kind, reading, visitor)
            }

            fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
                visitor.visit_unit()
            }

            deserializer!(@hint narrow_integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
                deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
            deserializer!(@hint wide_integer: deserialize_i128 deserialize_u128);
            deserializer!(@hint float: deserialize_f32 deserialize_f64);
            deserializer!(@hint bytes: deserialize_bytes deserialize_byte_buf);

            serde::forward_to_deserialize_any! {
                bool char str string unit unit_struct seq tuple tuple_struct map struct identifier
            }
        }
    )*};
    (@hint $by:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
            let (kind, reading) = self.kind()?;
            $by(kind, reading, visitor)
        }
    )*};
}

deserializer!(ValueDeserializer StructDeserializer KindDeserializer);
