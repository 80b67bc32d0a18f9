//! Values from and to those of `serde_json`.

use serde_json::Value as Json;

use super::{DEEPEST, List, Map, Value, deep};

/// A list or an object of which a part is converted.
enum Unfinished {
    List(std::vec::IntoIter<Json>, List),
    Map(serde_json::map::IntoIter, String, Map),
}

impl Unfinished {
    fn finish(self) -> Value {
        match self {
            Self::List(_, list) => Value::Array(list),
            Self::Map(_, _, map) => Value::Object(map),
        }
    }

    fn next(&mut self) -> Option<Json> {
        match self {
            Self::List(rest, _) => rest.next(),
            Self::Map(rest, next_key, _) => {
                let (key, value) = rest.next()?;
                *next_key = key;
                Some(value)
            }
        }
    }

    fn add(&mut self, value: Value) {
        match self {
            Self::List(_, list) => list.push(value),
            Self::Map(_, key, map) => drop(map.insert(std::mem::take(key), value)),
        }
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the other is not an error, and moves once"
)]
fn begin(value: Json) -> Result<Value, Unfinished> {
    Ok(match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(value) => Value::Number(value.into()),
        Json::String(value) => Value::String(value),
        Json::Array(values) => return Err(Unfinished::List(values.into_iter(), List::new())),
        Json::Object(map) => return Err(begin_map(map)),
    })
}

fn begin_map(map: serde_json::Map<String, Json>) -> Unfinished {
    Unfinished::Map(map.into_iter(), String::new(), Map::object())
}

/// Without recursion: the value may be as deep as memory allows.
fn convert(mut current: Unfinished) -> Value {
    let mut around = Vec::new();
    loop {
        match current.next().map(begin) {
            Some(Ok(value)) => current.add(value),
            Some(Err(inside)) => around.push(std::mem::replace(&mut current, inside)),
            None => {
                let finished = current.finish();
                match around.pop() {
                    Some(outer) => current = outer,
                    None => return finished,
                }
                current.add(finished);
            }
        }
    }
}

impl From<Json> for Value {
    fn from(value: Json) -> Self {
        begin(value).unwrap_or_else(convert)
    }
}

impl From<serde_json::Map<String, Json>> for Map {
    fn from(map: serde_json::Map<String, Json>) -> Self {
        match convert(begin_map(map)) {
            Value::Object(map) => map,
            _ => Self::new(),
        }
    }
}

/// An integer beyond 64 bits becomes the nearest double. What nests deeper than 256 levels becomes null, because `serde_json`
/// drops its values by recursion.
impl From<Value> for Json {
    fn from(value: Value) -> Self {
        to_json(value, 0)
    }
}

/// As a [`Value`] converts.
impl From<Map> for serde_json::Map<String, Json> {
    fn from(map: Map) -> Self {
        map_to_json(map, 1)
    }
}

fn to_json(value: Value, depth: u32) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Number(value) => Json::Number(value.into()),
        Value::String(value) => Json::String(value),
        Value::Array(_) | Value::Object(_) if depth == DEEPEST => Json::Null,
        Value::Array(list) => {
            let values = list.into_iter().map(|value| to_json(value, depth + 1));
            Json::Array(values.collect())
        }
        Value::Object(map) => Json::Object(map_to_json(map, depth + 1)),
    }
}

fn map_to_json(map: Map, depth: u32) -> serde_json::Map<String, Json> {
    let entries = map.into_iter();
    entries.map(|(key, value)| (key, to_json(value, depth))).collect()
}

impl PartialEq<Json> for Value {
    fn eq(&self, other: &Json) -> bool {
        deep::equal_json(self, other)
    }
}
