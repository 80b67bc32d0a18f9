//! Values from and to what an author has at hand.

use serde::{Serialize, de::DeserializeOwned};

use super::{DEEPEST, Document, List, Map, Number, Value, read};
use crate::codec::{CodecError, any_json, nesting::JsonLevels};

impl Value {
    /// Any type of serde as a value. NaN and infinity become `null`, as with `serde_json`; integers keep all their digits.
    ///
    /// # Errors
    ///
    /// When the type has no form in JSON, such as a map whose keys are not strings, or nests deeper than 256 levels.
    pub fn from_serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, CodecError> {
        let levels = JsonLevels::new(DEEPEST);
        let text = any_json(value, levels)?;
        Document::of_json(&text, levels).decode()
    }

    /// Reads the value into any type of serde.
    ///
    /// An integer beyond 64 bits stays whole in `i128`, `u128`, [`Number`] and [`Value`], also inside a `#[serde(flatten)]` or an
    /// untagged enum. A field with `f64` or [`serde_json::Number`] gets the nearest double.
    ///
    /// # Errors
    ///
    /// When the value does not fit the type, or nests deeper than 256 levels.
    pub fn deserialize_into<T: DeserializeOwned>(self) -> Result<T, CodecError> {
        read(&self)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::Number(value.into())
            }
        }

        impl PartialEq<$type> for Value {
            fn eq(&self, other: &$type) -> bool {
                matches!(self, Self::Number(value) if *value == Number::from(*other))
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl From<f64> for Value {
    /// NaN and infinity, which JSON does not have, become `null`, as with `serde_json`.
    fn from(value: f64) -> Self {
        Number::from_f64(value).map_or(Self::Null, Self::Number)
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        f64::from(value).into()
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::String(value.clone())
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::Array(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Object(map)
    }
}

impl From<Map<String>> for Value {
    fn from(map: Map<String>) -> Self {
        Self::Object(map.into_iter().collect())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! comparisons {
    ($($type:ty, |$value:ident, $other:ident| $equal:expr;)*) => {$(
        impl PartialEq<$type> for Value {
            fn eq(&self, $other: &$type) -> bool {
                let $value = self;
                $equal
            }
        }
    )*};
}

comparisons! {
    bool, |value, other| value.as_bool() == Some(*other);
    f64, |value, other| value.as_f64() == Some(*other);
    str, |value, other| value.as_str() == Some(other);
    &str, |value, other| value.as_str() == Some(other);
    String, |value, other| value.as_str() == Some(other);
}
