//! Any type of serde out of a value.

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IntoDeserializer, Unexpected, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
};

use super::{DEEPEST, List, Map, Number, Value};
use crate::codec::{
    CodecError,
    key::{KeyDeserializer, Passing},
};

/// Reads a value into a type. An integer beyond 64 bits stays whole in the SDK's own types wherever they stand, and in `i128`
/// and `u128`.
pub(crate) fn read<'de, T: Deserialize<'de>>(value: &Value) -> Result<T, CodecError> {
    let reader = |digits| Reader {
        value,
        depth: 0,
        digits,
    };
    T::deserialize(reader(Digits::Kept)).or_else(|error| {
        if error.is_too_deep() {
            return Err(error);
        }
        // A type that knows no digits gets the nearest double where it asks for any value.
        serde_path_to_error::deserialize(reader(Digits::Rounded)).map_err(|error| {
            let path = error.path().to_string();
            let error: CodecError = error.into_inner();
            if path == "." { error } else { error.in_key(&path) }
        })
    })
}

/// What a type that asks for any value gets for an integer beyond 64 bits, for which serde has no word.
///
/// Types that serde derives keep what they don't know yet in a buffer of serde's own, which has room for bytes inside a newtype: they
/// stand for the digits, as nothing else comes as that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    Kept,
    Rounded,
}

/// A value that is being read.
pub(super) struct Reader<'a> {
    pub(super) value: &'a Value,
    pub(super) depth: u32,
    pub(super) digits: Digits,
}

impl Reader<'_> {
    fn inside(&self) -> Result<u32, CodecError> {
        if self.depth < DEEPEST {
            Ok(self.depth + 1)
        } else {
            Err(CodecError::too_deep("256 levels, the most that can be read"))
        }
    }

    fn list<'de, V: Visitor<'de>>(&self, list: &List, visitor: V) -> Result<V::Value, CodecError> {
        let (depth, digits) = (self.inside()?, self.digits);
        let mut values = SeqDeserializer::new(list.iter().map(|value| Reader { value, depth, digits }));
        let read = visitor.visit_seq(&mut values)?;
        values.end()?;
        Ok(read)
    }

    fn entries<'a>(
        &self,
        map: &'a Map,
    ) -> Result<impl Iterator<Item = (KeyDeserializer<Passing<'a>>, Reader<'a>)> + use<'a>, CodecError> {
        let (depth, digits) = (self.inside()?, self.digits);
        Ok(map.iter().map(move |(key, value)| {
            let reader = Reader { value, depth, digits };
            (KeyDeserializer(Passing(key)), reader)
        }))
    }

    fn map<'de, V: Visitor<'de>>(&self, map: &Map, visitor: V) -> Result<V::Value, CodecError> {
        let mut entries = MapDeserializer::new(self.entries(map)?);
        let read = visitor.visit_map(&mut entries)?;
        entries.end()?;
        Ok(read)
    }

    fn number<'de, V: Visitor<'de>>(&self, number: &Number, visitor: V) -> Result<V::Value, CodecError> {
        match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => visitor.visit_u64(value),
            (_, Some(value)) => visitor.visit_i64(value),
            _ if number.is_integer() && self.digits == Digits::Kept => {
                visitor.visit_newtype_struct(InDigits(&number.to_string()))
            }
            _ => visitor.visit_f64(number.as_f64().unwrap_or_default()),
        }
    }

    /// The number, if this is an integer beyond 64 bits.
    fn long(&self) -> Option<&Number> {
        match self.value {
            Value::Number(number) if number.is_integer() && !number.is_u64() && !number.is_i64() => {
                Some(number)
            }
            _ => None,
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.long() {
            Some(_) => Err(CodecError::invalid_type(
                Unexpected::Other(BEYOND_64_BITS),
                &visitor,
            )),
            None => self.deserialize_any(visitor),
        }
    }

    fn wide_integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.long().map(|number| (number.as_i128(), number.as_u128())) {
            Some((Some(value), _)) => visitor.visit_i128(value),
            Some((_, Some(value))) => visitor.visit_u128(value),
            Some(_) => Err(CodecError::invalid_type(
                Unexpected::Other(BEYOND_128_BITS),
                &visitor,
            )),
            None => self.deserialize_any(visitor),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.long().and_then(Number::as_f64) {
            Some(value) => visitor.visit_f64(value),
            None => self.deserialize_any(visitor),
        }
    }
}

const BEYOND_64_BITS: &str = "an integer beyond 64 bits";
const BEYOND_128_BITS: &str = "an integer beyond 128 bits";

macro_rules! hints {
    ($($by:ident: $($method:ident)*;)*) => {$($(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
            self.$by(visitor)
        }
    )*)*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = CodecError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => self.number(number, visitor),
            Value::String(value) => visitor.visit_str(value),
            Value::Array(list) => self.list(list, visitor),
            Value::Object(map) => self.map(map, visitor),
        }
    }

    hints! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        wide_integer: deserialize_i128 deserialize_u128;
        float: deserialize_f32 deserialize_f64;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
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
        match self.value {
            Value::String(variant) => visitor.visit_enum(variant.as_str().into_deserializer()),
            Value::Object(map) if map.len() == 1 => {
                let entries = MapDeserializer::new(self.entries(map)?);
                visitor.visit_enum(MapAccessDeserializer::new(entries))
            }
            Value::Object(_) => Err(CodecError::new(
                "expected an object with one key, the variant, found several or none",
            )),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

impl IntoDeserializer<'_, CodecError> for Reader<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The digits of an integer, inside a newtype.
struct InDigits<'a>(&'a str);

impl<'de> Deserializer<'de> for InDigits<'_> {
    type Error = CodecError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_bytes(self.0.as_bytes())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const LONG: &str = "18446744073709551617";

    fn value() -> Value {
        format!(r#"{{"n":{LONG},"more":{{"deep":[{LONG}]}}}}"#)
            .parse()
            .unwrap()
    }

    #[derive(Debug, Deserialize)]
    struct Open<T> {
        n: T,
        #[serde(flatten)]
        extra: Map,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum Untagged {
        Text(String),
        Float(f64),
    }

    #[test]
    fn integers_beyond_64_bits_fit_what_has_room_for_them() {
        let text = value().to_string();
        let wide: Open<u128> = value().deserialize_into().unwrap();
        assert_eq!(
            (wide.n.to_string().as_str(), wide.extra.to_string().as_str()),
            (LONG, &*format!(r#"{{"more":{{"deep":[{LONG}]}}}}"#))
        );
        let wide: Open<Value> = value().deserialize_into().unwrap();
        assert_eq!(wide.n.to_string(), LONG);
        let wide: Open<Option<Number>> = value().deserialize_into().unwrap();
        assert_eq!(wide.n.unwrap().to_string(), LONG);
        assert_eq!(value().deserialize_into::<Value>().unwrap().to_string(), text);

        let nearest = 2_f64.powi(64);
        let float: Open<f64> = value().deserialize_into().unwrap();
        assert!((float.n - nearest).abs() < 1.0 && float.extra.to_string().contains(LONG));
        let json: Open<serde_json::Value> = value().deserialize_into().unwrap();
        assert_eq!(json.n.as_f64(), Some(nearest));
        let untagged: Open<Untagged> = value().deserialize_into().unwrap();
        assert_eq!(untagged.n, Untagged::Float(nearest));

        let error = value().deserialize_into::<Open<u64>>().unwrap_err().to_string();
        assert!(
            error.starts_with("n: ") && error.contains(BEYOND_64_BITS) && !error.contains(LONG),
            "{error}"
        );
        assert!(value().deserialize_into::<Open<String>>().is_err());
    }

    #[test]
    fn types_are_read_as_from_json() {
        #[derive(Debug, Deserialize, PartialEq)]
        enum Shape {
            Unit,
            Named { a: Option<u8> },
            Pair(u8, i8),
        }

        let text = r#"{"1":"Unit","2":{"Named":{"a":null}},"3":{"Pair":[1,-2]}}"#;
        let value: Value = text.parse().unwrap();
        let read: BTreeMap<u8, Shape> = value.deserialize_into().unwrap();
        assert_eq!(read, serde_json::from_str(text).unwrap());
        for (wrong, path) in [
            (r#"{"1":{"Pair":[1]}}"#, "1"),
            (r#"{"1":{"Pair":[1,2,3]}}"#, "1"),
            (r#"{"1":{}}"#, "1"),
            (r#"{"1":{"Unit":1,"Pair":1}}"#, "1"),
        ] {
            let value: Value = wrong.parse().unwrap();
            let error = value
                .deserialize_into::<BTreeMap<u8, Shape>>()
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(path), "{error}");
        }
    }
}
