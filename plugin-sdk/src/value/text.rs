//! Values as JSON text.

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use super::{DEEPEST, Document, Iter, Map, Value};
use crate::codec::{CodecError, nesting::JsonLevels};

/// The value as JSON, on one line.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, formatter)
    }
}

/// The map as a JSON object, on one line.
impl fmt::Display for Map {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_inside(Open::Map(self.iter()), formatter)
    }
}

impl FromStr for Value {
    type Err = CodecError;

    /// Reads JSON that nests at most 256 levels deep. Integers keep all their digits.
    fn from_str(text: &str) -> Result<Self, CodecError> {
        Document::of_json(text.as_bytes(), JsonLevels::new(DEEPEST)).decode()
    }
}

/// A list or an object that is being written, and what is left of it.
enum Open<'a> {
    List(std::slice::Iter<'a, Value>),
    Map(Iter<'a, Value>),
}

impl<'a> Open<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Array(list) => Some(Self::List(list.iter())),
            Value::Object(map) => Some(Self::Map(map.iter())),
            _ => None,
        }
    }

    fn brackets(&self) -> (char, char) {
        match self {
            Self::List(_) => ('[', ']'),
            Self::Map(_) => ('{', '}'),
        }
    }

    fn next(&mut self) -> Option<(Option<&'a str>, &'a Value)> {
        match self {
            Self::List(values) => values.next().map(|value| (None, value)),
            Self::Map(entries) => entries.next().map(|(key, value)| (Some(key), value)),
        }
    }
}

fn write(value: &Value, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Number(value) => write!(out, "{value}"),
        Value::String(value) => write_string(value, out),
        Value::Array(list) => write_inside(Open::List(list.iter()), out),
        Value::Object(map) => write_inside(Open::Map(map.iter()), out),
    }
}

/// Writes without recursion: the value may be as deep as memory allows.
fn write_inside(root: Open<'_>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_char(root.brackets().0)?;
    let mut is_first = true;
    let mut open = vec![root];
    while let Some(innermost) = open.last_mut() {
        let Some((key, value)) = innermost.next() else {
            out.write_char(innermost.brackets().1)?;
            open.pop();
            is_first = false;
            continue;
        };
        if !is_first {
            out.write_char(',')?;
        }
        if let Some(key) = key {
            write_string(key, out)?;
            out.write_char(':')?;
        }
        is_first = if let Some(inside) = Open::of(value) {
            out.write_char(inside.brackets().0)?;
            open.push(inside);
            true
        } else {
            write(value, out)?;
            false
        };
    }
    Ok(())
}

fn write_string(text: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}
