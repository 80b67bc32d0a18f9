//! Numbers of JSON: integers of any size, and floats.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};
use serde_json::value::RawValue;

use crate::codec::{
    CodecError,
    raw::{RAW, RAW_NUMBER},
};

/// A number of JSON: an integer of any size, or a finite float.
///
/// It has the methods of [`serde_json::Number`]. An integer beyond 64 bits keeps all its digits: JSON carries them, so they arrive
/// whole over MCP and go back whole. gRPC and Unix sockets carry every number as a double; there an integer that no double
/// holds exactly is an error in a result.
///
/// ```
/// use plugin_sdk::{Value, value::Number};
///
/// let value: Value = r#"{"id": 123456789012345678901234567890}"#.parse()?;
/// let Value::Number(id) = &value["id"] else { panic!() };
/// assert_eq!(id.to_string(), "123456789012345678901234567890");
/// assert_eq!((id.as_u64(), id.as_u128()), (None, Some(123456789012345678901234567890)));
/// assert_eq!(value.to_string(), r#"{"id":123456789012345678901234567890}"#);
/// # Ok::<(), plugin_sdk::codec::CodecError>(())
/// ```
///
/// Two numbers are equal if both are integers of the same value, or both are equal floats. As with `serde_json`, `1` is not `1.0`.
/// `Display` writes an integer with all its digits, and a float with as few as tell it from others.
///
/// With serde an integer is written as the smallest of `u64`, `i64`, `i128` and `u128` that holds it; one beyond 128 bits has a form in
/// JSON text only. It is read from any of these. `serde_json` itself hands out integers beyond 64 bits as floats: read such text
/// with [`Value`](super::Value)'s `FromStr`, as above. The SDK does so for what arrives, also where a field of a type has `i128` or `u128`; a
/// field with `f64` or [`serde_json::Number`] gets the nearest double.
#[derive(Clone)]
pub struct Number(Kind);

#[derive(Clone)]
enum Kind {
    Unsigned(u64),
    /// Below zero.
    Signed(i64),
    /// Neither NaN nor infinite.
    Float(f64),
    /// The digits of an integer beyond 64 bits, perhaps with a sign in front; no zeros in front.
    Digits(Box<str>),
}

impl Number {
    /// The float; `None` for NaN and infinity, which JSON does not have.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(Kind::Float(value)))
    }

    /// The integer. There always is one; `serde_json` has none beyond 64 bits.
    pub fn from_i128(value: i128) -> Option<Self> {
        Some(value.into())
    }

    /// The integer. There always is one; `serde_json` has none beyond 64 bits.
    pub fn from_u128(value: u128) -> Option<Self> {
        Some(value.into())
    }

    /// The integer with these digits, if they are those of a JSON integer.
    pub(crate) fn of_digits(text: &str) -> Option<Self> {
        let is_integer = |text: &str| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.starts_with('0') && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        match (text.parse::<u64>(), text.parse::<i64>()) {
            _ if text != "0" && !is_integer(text) => None,
            (Ok(value), _) => Some(value.into()),
            (_, Ok(value)) => Some(value.into()),
            _ => Some(Self(Kind::Digits(text.into()))),
        }
    }

    /// Whether this is an integer, of whatever size.
    pub fn is_integer(&self) -> bool {
        !self.is_f64()
    }

    /// Whether this is an integer in the range of `i64`.
    pub fn is_i64(&self) -> bool {
        self.as_i64().is_some()
    }

    /// Whether this is an integer in the range of `u64`.
    pub fn is_u64(&self) -> bool {
        self.as_u64().is_some()
    }

    /// Whether this is a float.
    pub fn is_f64(&self) -> bool {
        matches!(self.0, Kind::Float(_))
    }

    /// The integer, if this is one in the range of `i64`.
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Kind::Unsigned(value) => value.try_into().ok(),
            Kind::Signed(value) => Some(value),
            Kind::Float(_) | Kind::Digits(_) => None,
        }
    }

    /// The integer, if this is one in the range of `u64`.
    pub fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Kind::Unsigned(value) => Some(value),
            Kind::Signed(_) | Kind::Float(_) | Kind::Digits(_) => None,
        }
    }

    /// The integer, if this is one in the range of `i128`.
    pub fn as_i128(&self) -> Option<i128> {
        match &self.0 {
            Kind::Unsigned(value) => Some((*value).into()),
            Kind::Signed(value) => Some((*value).into()),
            Kind::Float(_) => None,
            Kind::Digits(digits) => digits.parse().ok(),
        }
    }

    /// The integer, if this is one in the range of `u128`.
    pub fn as_u128(&self) -> Option<u128> {
        match &self.0 {
            Kind::Unsigned(value) => Some((*value).into()),
            Kind::Signed(_) | Kind::Float(_) => None,
            Kind::Digits(digits) => digits.parse().ok(),
        }
    }

    /// The nearest float: always there, and of an integer beyond the doubles the largest one.
    #[expect(clippy::cast_precision_loss, reason = "it is the nearest")]
    pub fn as_f64(&self) -> Option<f64> {
        Some(match &self.0 {
            Kind::Unsigned(value) => *value as f64,
            Kind::Signed(value) => *value as f64,
            Kind::Float(value) => *value,
            Kind::Digits(digits) => nearest(digits),
        })
    }
}

fn nearest(digits: &str) -> f64 {
    // Digits are always a float, if perhaps an infinite one.
    digits.parse().unwrap_or(f64::MAX).clamp(f64::MIN, f64::MAX)
}

macro_rules! unsigned {
    ($($type:ty)*) => {$(
        impl From<$type> for Number {
            fn from(value: $type) -> Self {
                Self(Kind::Unsigned(value.into()))
            }
        }
    )*};
}

macro_rules! signed {
    ($($type:ty)*) => {$(
        impl From<$type> for Number {
            #[inline]
            fn from(value: $type) -> Self {
                match u64::try_from(value) {
                    Ok(value) => Self(Kind::Unsigned(value)),
                    Err(_) => Self(Kind::Signed(value.into())),
                }
            }
        }
    )*};
}

unsigned!(u8 u16 u32 u64);
signed!(i8 i16 i32 i64);

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        (value as u64).into()
    }
}

impl From<isize> for Number {
    fn from(value: isize) -> Self {
        (value as i64).into()
    }
}

impl From<i128> for Number {
    fn from(value: i128) -> Self {
        match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => value.into(),
            (_, Ok(value)) => value.into(),
            _ => Self(Kind::Digits(value.to_string().into())),
        }
    }
}

impl From<u128> for Number {
    fn from(value: u128) -> Self {
        match u64::try_from(value) {
            Ok(value) => value.into(),
            Err(_) => Self(Kind::Digits(value.to_string().into())),
        }
    }
}

impl From<serde_json::Number> for Number {
    fn from(number: serde_json::Number) -> Self {
        match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => value.into(),
            (_, Some(value)) => value.into(),
            _ => match number.as_f64().and_then(Self::from_f64) {
                Some(float) => float,
                // Only with `arbitrary_precision`, which an author may have turned on.
                None => Self::of_digits(&number.to_string()).unwrap_or(Self(Kind::Unsigned(0))),
            },
        }
    }
}

/// An integer beyond 64 bits becomes the nearest double, since `serde_json` has no larger ones.
impl From<Number> for serde_json::Number {
    fn from(number: Number) -> Self {
        match number.0 {
            Kind::Unsigned(value) => value.into(),
            Kind::Signed(value) => value.into(),
            Kind::Float(value) => float(value),
            Kind::Digits(digits) => float(nearest(&digits)),
        }
    }
}

fn float(finite: f64) -> serde_json::Number {
    serde_json::Number::from_f64(finite).unwrap_or_else(|| 0.into())
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Unsigned(value), Kind::Unsigned(other)) => value == other,
            (Kind::Signed(value), Kind::Signed(other)) => value == other,
            (Kind::Float(value), Kind::Float(other)) => value == other,
            (Kind::Digits(digits), Kind::Digits(other)) => digits == other,
            _ => false,
        }
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Kind::Unsigned(value) => value.hash(state),
            Kind::Signed(value) => value.hash(state),
            // Zero is equal to minus zero.
            Kind::Float(0.0) => 0_u64.hash(state),
            Kind::Float(value) => value.to_bits().hash(state),
            Kind::Digits(digits) => digits.hash(state),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Unsigned(value) => fmt::Display::fmt(value, formatter),
            Kind::Signed(value) => fmt::Display::fmt(value, formatter),
            Kind::Float(value) => fmt::Display::fmt(&float(*value), formatter),
            Kind::Digits(digits) => formatter.write_str(digits),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Number({self})")
    }
}

impl FromStr for Number {
    type Err = CodecError;

    /// Reads a number of JSON.
    fn from_str(text: &str) -> Result<Self, CodecError> {
        match Self::of_digits(text) {
            Some(number) => Ok(number),
            None => Ok(serde_json::from_str::<serde_json::Number>(text)?.into()),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Kind::Unsigned(value) => serializer.serialize_u64(*value),
            Kind::Signed(value) => serializer.serialize_i64(*value),
            Kind::Float(value) => serializer.serialize_f64(*value),
            Kind::Digits(digits) => match (self.as_i128(), self.as_u128()) {
                (Some(value), _) => serializer.serialize_i128(value),
                (_, Some(value)) => serializer.serialize_u128(value),
                _ => serializer.serialize_newtype_struct(RAW, &Digits(digits)),
            },
        }
    }
}

/// The digits of an integer beyond 128 bits inside their newtype. In our codec they are the nearest double, and whether that is the
/// integer itself.
struct Digits<'a>(&'a str);

impl Serialize for Digits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let raw = RawValue::from_string(self.0.to_owned()).map_err(serde::ser::Error::custom)?;
            return raw.serialize(serializer);
        }
        let double = nearest(self.0);
        let is_exact = format!("{double:.0}") == self.0;
        serializer.serialize_newtype_variant(RAW, is_exact.into(), RAW_NUMBER, &double)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

pub(super) struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
        Ok(value.into())
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Number, E> {
        Ok(value.into())
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Number, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
        Number::from_f64(value).ok_or_else(|| E::custom("a number must not be NaN or infinite"))
    }

    /// Digits as [`read`](super::read) hands them over. No number of JSON comes as bytes.
    fn visit_bytes<E: de::Error>(self, digits: &[u8]) -> Result<Number, E> {
        let digits = std::str::from_utf8(digits).ok();
        digits
            .and_then(Number::of_digits)
            .ok_or_else(|| E::invalid_type(de::Unexpected::Other("bytes"), &self))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Number, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::Value;

    #[test]
    fn it_is_as_that_of_serde_json_up_to_64_bits() {
        for text in [
            "0",
            "1",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "18446744073709551615",
            "1.5",
            "-0.0",
            "1e300",
            "1.0",
            "5e-324",
        ] {
            let (ours, theirs): (Number, serde_json::Number) = (text.parse().unwrap(), text.parse().unwrap());
            assert_eq!(ours.to_string(), theirs.to_string());
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
            assert_eq!(
                (
                    ours.as_i64(),
                    ours.as_u64(),
                    ours.as_f64(),
                    ours.as_i128(),
                    ours.as_u128()
                ),
                (
                    theirs.as_i64(),
                    theirs.as_u64(),
                    theirs.as_f64(),
                    theirs.as_i128(),
                    theirs.as_u128()
                )
            );
            assert_eq!(
                (ours.is_i64(), ours.is_u64(), ours.is_f64()),
                (theirs.is_i64(), theirs.is_u64(), theirs.is_f64())
            );
            assert_eq!(serde_json::to_string(&ours).unwrap(), theirs.to_string());
            assert_eq!(serde_json::from_str::<Number>(text).unwrap(), ours);
            assert_eq!(Number::from(theirs.clone()), ours);
            assert_eq!(serde_json::Number::from(ours), theirs);
        }
        assert_ne!(Number::from(1), Number::from_f64(1.0).unwrap());
        assert_eq!(Number::from_f64(f64::NAN), None);
        for text in ["", "-", "01", "-01", "1.", "+1", "1 2", "NaN", "0x1", "--1"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    #[test]
    fn beyond_64_bits_every_digit_stays() {
        let long = "7".repeat(400);
        for text in [
            "18446744073709551616",
            "-9223372036854775809",
            "-170141183460469231731687303715884105728",
            &long,
        ] {
            let number: Number = text.parse().unwrap();
            assert_eq!(number.to_string(), text);
            assert_eq!(format!("{number:?}"), format!("Number({text})"));
            assert!(number.is_integer() && !number.is_f64() && !number.is_i64() && !number.is_u64());
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
            assert!(number.as_f64().unwrap().is_finite());
            assert_eq!(number, text.parse().unwrap());
        }
        assert_eq!(Number::from(u128::MAX).as_u128(), Some(u128::MAX));
        assert_eq!(Number::from(i128::MIN).as_i128(), Some(i128::MIN));
        assert_eq!(Number::from(7_i128), Number::from(7));
        assert_eq!(
            serde_json::Number::from(Number::from(1_u128 << 70)).as_f64(),
            Some(2_f64.powi(70))
        );
        assert_eq!(
            Value::from(Number::from(u128::MAX)),
            Value::Number(Number::from(u128::MAX))
        );
        assert_ne!(Value::Number(Number::from(1_u128 << 70)), json!(2_f64.powi(70)));
    }
}
