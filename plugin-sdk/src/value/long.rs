//! JSON text with integers beyond 64 bits, which `serde_json` alone hands out as floats.
//!
//! The text is rewritten so that such an integer is a string, and every string tells which of the two it is. `serde_json` reads
//! that into a [`Value`], and the value is read into the type. Few texts come here, and only what is read from them is slower.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};

use super::{List, Map, Number, Value, read};
use crate::codec::{
    json,
    nesting::{end_of_string, length_of_number},
};

/// What stands at the front of a string, and of an integer that became one.
const STRING: u8 = b's';
const INTEGER: u8 = b'i';

/// Reads a text whose nesting is checked. `None` leaves what is wrong with it to another reader.
#[cold]
pub(super) fn decode<'de, T: Deserialize<'de>>(text: &[u8]) -> Option<T> {
    let Marked(value) = json::read(&rewritten(text)).ok()?;
    read(&value).ok()
}

fn rewritten(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8 + 64);
    let mut position = 0;
    while let Some(&byte) = text.get(position) {
        let end = match byte {
            b'"' => (end_of_string(text, position) + 1).min(text.len()),
            b'-' | b'0'..=b'9' => position + length_of_number(&text[position..]),
            _ => position + 1,
        };
        let token = &text[position..end];
        match byte {
            b'"' => {
                out.extend_from_slice(&[b'"', STRING]);
                out.extend_from_slice(&token[1..]);
            }
            b'-' | b'0'..=b'9' if is_long(token) => {
                out.extend_from_slice(&[b'"', INTEGER]);
                out.extend_from_slice(token);
                out.push(b'"');
            }
            _ => out.extend_from_slice(token),
        }
        position = end;
    }
    out
}

fn is_long(token: &[u8]) -> bool {
    let number = std::str::from_utf8(token).ok().and_then(Number::of_digits);
    number.is_some_and(|number| !number.is_u64() && !number.is_i64())
}

/// A value of a rewritten text.
struct Marked(Value);

impl<'de> Deserialize<'de> for Marked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MarkedVisitor).map(Self)
    }
}

struct MarkedVisitor;

impl<'de> Visitor<'de> for MarkedVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        match (value.as_bytes().first(), value.get(1..)) {
            (Some(&INTEGER), Some(digits)) => Number::of_digits(digits)
                .map(Value::Number)
                .ok_or_else(|| E::custom("digits that are none")),
            (_, Some(string)) => Ok(string.into()),
            (_, None) => Ok("".into()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = List::new();
        while let Some(Marked(value)) = access.next_element()? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Map::from_iter(None::<(String, Value)>);
        while let Some((key, Marked(value))) = access.next_entry::<String, Marked>()? {
            entries.insert(key.get(1..).unwrap_or_default().to_owned(), value);
        }
        Ok(entries.into())
    }
}
