//! JSON values of payloads, contexts and results.

mod cloning;
mod convert;
mod deep;
mod document;
mod iter;
mod json;
mod lazy;
mod lenient;
mod list;
mod long;
mod map;
mod number;
mod parts;
mod read;
mod serde;
mod table;
mod text;

use std::ops::Index;

pub(crate) use deep::DEEPEST;
#[doc(hidden)]
pub use document::Document;
pub use iter::{IntoIter, Iter, IterMut};
pub use lazy::MapValue;
pub(crate) use lazy::Wire;
pub(crate) use lenient::read_lenient;
pub use list::List;
pub use map::Map;
pub use number::Number;
pub(crate) use read::read;

/// Any JSON value.
///
/// An object is a [`Map`], which may keep the bytes it came in until they are read, a list is a [`List`], and a [`Number`] keeps
/// integers of any size. Values convert from and to [`serde_json::Value`], and from and to any type of serde.
///
/// A value may nest as deep as memory allows: dropping, cloning, comparing and `Display` take no stack. `Debug` leaves out
/// what lies deeper than 128 levels; serde, in any format, refuses to write what nests deeper than 256. Answers keep the limits of
/// their transport (`PLUGINS_MAX_NESTING`, `PLUGINS_MAX_JSON_NESTING`). This holds for values of the SDK only: a
/// [`serde_json::Value`] or a type of your own that nests so deep overflows the stack when it is dropped.
///
/// ```
/// use plugin_sdk::Value;
///
/// let value = Value::from(serde_json::json!({"tools": ["search", "rm"], "limit": 3}));
/// assert_eq!(value["tools"][1], "rm");
/// assert_eq!(value["limit"].as_i64(), Some(3));
/// assert!(value["no such key"].is_null());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer or a float.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    Array(List),
    /// An object.
    Object(Map),
}

impl Value {
    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is a boolean.
    pub fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// Whether this is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether this is a string.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether this is a list.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, if this is one in the range of `i64`.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(value) => value.as_i64(),
            _ => None,
        }
    }

    /// The integer, if this is one in the range of `u64`.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(value) => value.as_u64(),
            _ => None,
        }
    }

    /// The number as a float, if this is a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(value) => value.as_f64(),
            _ => None,
        }
    }

    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(value) => Some(value),
            _ => None,
        }
    }

    /// The list, if this is one.
    pub fn as_array(&self) -> Option<&Vec<Value>> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    /// The list, to be changed.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Self::Array(values) => Some(values),
            _ => None,
        }
    }

    /// The object, if this is one.
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Self::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The object, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The value of a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.as_object_mut()?.get_mut(key)
    }

    /// Takes the value, and leaves `null`.
    #[must_use]
    pub fn take(&mut self) -> Value {
        std::mem::take(self)
    }
}

static NULL: Value = Value::Null;

impl Index<&str> for Value {
    type Output = Value;

    /// The value of a key; `null` where there is none.
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }
}

impl Index<usize> for Value {
    type Output = Value;

    /// The element of a list; `null` where there is none.
    fn index(&self, index: usize) -> &Value {
        self.as_array()
            .and_then(|values| values.get(index))
            .unwrap_or(&NULL)
    }
}
