//! Values from and to what an author has at hand.

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

use super::{Map, Number, Value};
use crate::codec::CodecError;

impl Value {
    /// Any type of serde as a value.
    ///
    /// # Errors
    ///
    /// When the type has no form in JSON, such as a map whose keys are not strings.
    pub fn from_serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, CodecError> {
        Ok(serde_json::to_value(value)?.into())
    }

    /// Reads the value into any type of serde.
    ///
    /// # Errors
    ///
    /// When the value does not fit the type.
    pub fn deserialize_into<T: DeserializeOwned>(self) -> Result<T, CodecError> {
        let json = serde_json::Value::from(self);
        serde_path_to_error::deserialize(json).map_err(|error| {
            let path = error.path().to_string();
            let error = CodecError::from(error.into_inner());
            if path == "." { error } else { error.in_key(&path) }
        })
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

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

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

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(value) => Self::Number(value),
            serde_json::Value::String(value) => Self::String(value),
            serde_json::Value::Array(values) => values.into(),
            serde_json::Value::Object(map) => Self::Object(map.into()),
        }
    }
}

impl From<Value> for serde_json::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(value) => Self::Number(value),
            Value::String(value) => Self::String(value),
            Value::Array(values) => Self::Array(values.into_iter().map(Into::into).collect()),
            Value::Object(map) => Self::Object(map.into()),
        }
    }
}

impl From<serde_json::Map<String, serde_json::Value>> for Map {
    fn from(map: serde_json::Map<String, serde_json::Value>) -> Self {
        map.into_iter().collect()
    }
}

impl From<Map> for serde_json::Map<String, serde_json::Value> {
    fn from(map: Map) -> Self {
        map.into_iter().map(|(key, value)| (key, value.into())).collect()
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
    serde_json::Value, |value, other| is_same(value, other);
}

fn is_same(value: &Value, other: &serde_json::Value) -> bool {
    match (value, other) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(value), serde_json::Value::Bool(other)) => value == other,
        (Value::Number(value), serde_json::Value::Number(other)) => value == other,
        (Value::String(value), serde_json::Value::String(other)) => value == other,
        (Value::Array(values), serde_json::Value::Array(others)) => values == others,
        (Value::Object(map), serde_json::Value::Object(others)) => {
            map.len() == others.len()
                && map
                    .iter()
                    .all(|(key, value)| others.get(key).is_some_and(|other| value == other))
        }
        _ => false,
    }
}

/// The value as JSON, on one line.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}

/// The map as a JSON object, on one line.
impl fmt::Display for Map {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        formatter.write_str(&text)
    }
}
