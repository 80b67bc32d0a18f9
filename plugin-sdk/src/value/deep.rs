//! What is done to whole values, however deep they nest: without recursion, or only as deep as is sane.
//!
//! Values that arrive are as deep as the limits allow. One that a plugin builds may be as deep as its memory allows, and the
//! stack of its thread must not be what finds out.

use std::fmt;

use super::{List, Map, Value, cloning::Cloning};

/// How deep values may nest that serde writes and reads, whatever the format: deeper than any transport carries.
pub(crate) const DEEPEST: u32 = 256;

/// How deep values are printed by `Debug`.
const SHOWN: u32 = 128;

/// Whether a value has values inside, and may nest deeper than what arrives.
pub(super) fn has_inside(value: &Value) -> bool {
    match value {
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty() && map.may_be_deep(),
        _ => false,
    }
}

/// Drops values one by one: each is empty by the time that it is dropped.
pub(super) fn take_apart(mut values: Vec<Value>) {
    while let Some(value) = values.pop() {
        match value {
            Value::Array(mut list) => values.extend(list.drain(..).filter(has_inside)),
            Value::Object(mut map) => map.take_inside(&mut values),
            _ => {}
        }
    }
}

/// A list or an object of which a part is cloned.
enum Unfinished<'a> {
    List(std::slice::Iter<'a, Value>, Vec<Value>),
    Map(Cloning<'a>),
}

/// Whose clone is finished.
enum Whole {
    List(List),
    Map(Map),
}

impl From<Whole> for Value {
    fn from(whole: Whole) -> Self {
        match whole {
            Whole::List(list) => Self::Array(list),
            Whole::Map(map) => Self::Object(map),
        }
    }
}

/// What comes next while something is cloned.
enum Step<'a> {
    Inside(&'a Value),
    End(Whole),
}

impl<'a> Unfinished<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Array(list) => Some(Self::of_list(list)),
            Value::Object(map) => Some(Self::Map(Cloning::of(map))),
            _ => None,
        }
    }

    fn of_list(list: &'a List) -> Self {
        Self::List(list.iter(), Vec::with_capacity(list.len()))
    }

    /// Clones up to the next value that has values inside.
    fn step(&mut self) -> Step<'a> {
        match self {
            Self::List(rest, cloned) => {
                for value in rest {
                    match flat(value) {
                        Some(value) => cloned.push(value),
                        None => return Step::Inside(value),
                    }
                }
                Step::End(Whole::List(std::mem::take(cloned).into()))
            }
            Self::Map(cloning) => match cloning.next_inside() {
                Some(value) => Step::Inside(value),
                None => Step::End(Whole::Map(cloning.finish())),
            },
        }
    }

    fn add(&mut self, whole: Whole) {
        match self {
            Self::List(_, cloned) => cloned.push(whole.into()),
            Self::Map(cloning) => cloning.add(whole.into()),
        }
    }
}

/// The clone of a value that has none inside.
pub(super) fn flat(value: &Value) -> Option<Value> {
    match value {
        Value::Null => Some(Value::Null),
        Value::Bool(value) => Some(Value::Bool(*value)),
        Value::Number(value) => Some(Value::Number(value.clone())),
        Value::String(value) => Some(Value::String(value.clone())),
        Value::Array(list) => list.is_empty().then(|| Value::Array(List::new())),
        Value::Object(_) => None,
    }
}

fn clone(mut current: Unfinished<'_>) -> Whole {
    let mut around = Vec::new();
    loop {
        match current.step() {
            Step::Inside(value) => {
                if let Some(inside) = Unfinished::of(value) {
                    around.push(std::mem::replace(&mut current, inside));
                }
            }
            Step::End(whole) => match around.pop() {
                Some(outer) => {
                    current = outer;
                    current.add(whole);
                }
                None => return whole,
            },
        }
    }
}

pub(super) fn clone_list(list: &List) -> List {
    match clone(Unfinished::of_list(list)) {
        Whole::List(list) => list,
        Whole::Map(_) => List::new(),
    }
}

pub(super) fn clone_map(map: &Map) -> Map {
    match clone(Unfinished::Map(Cloning::of(map))) {
        Whole::Map(map) => map,
        Whole::List(_) => Map::new(),
    }
}

/// Values to be compared with each other.
type Pairs<'a> = Vec<(&'a Value, &'a Value)>;

pub(super) fn equal_lists(list: &List, other: &List) -> bool {
    let mut pairs = Vec::new();
    same_lists(list, other, &mut pairs) && all_equal(pairs)
}

pub(super) fn equal_maps(map: &Map, other: &Map) -> bool {
    let mut pairs = Vec::new();
    same_maps(map, other, &mut pairs) && all_equal(pairs)
}

fn all_equal(mut pairs: Pairs<'_>) -> bool {
    while let Some((value, other)) = pairs.pop() {
        let is_same = match (value, other) {
            (Value::Array(list), Value::Array(other)) => same_lists(list, other, &mut pairs),
            (Value::Object(map), Value::Object(other)) => same_maps(map, other, &mut pairs),
            _ => false,
        };
        if !is_same {
            return false;
        }
    }
    true
}

/// Whether two values are equal as far as can be told without looking inside; what is inside of both is left for later.
fn same<'a>(value: &'a Value, other: &'a Value, later: &mut Pairs<'a>) -> bool {
    match (value, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(value), Value::Bool(other)) => value == other,
        (Value::Number(value), Value::Number(other)) => value == other,
        (Value::String(value), Value::String(other)) => value == other,
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            later.push((value, other));
            true
        }
        _ => false,
    }
}

fn same_lists<'a>(list: &'a List, other: &'a List, later: &mut Pairs<'a>) -> bool {
    let mut values = list.iter().zip(other.iter());
    list.len() == other.len() && values.all(|(value, other)| same(value, other, later))
}

fn same_maps<'a>(map: &'a Map, other: &'a Map, later: &mut Pairs<'a>) -> bool {
    map.len() == other.len()
        && map
            .iter()
            .all(|(key, value)| other.get(key).is_some_and(|other| same(value, other, later)))
}

/// Whether a value is equal to one of `serde_json`.
pub(super) fn equal_json(value: &Value, other: &serde_json::Value) -> bool {
    use serde_json::Value as Json;

    let mut pairs = vec![(value, other)];
    while let Some((value, other)) = pairs.pop() {
        let is_same = match (value, other) {
            (Value::Null, Json::Null) => true,
            (Value::Bool(value), Json::Bool(other)) => value == other,
            (Value::Number(value), Json::Number(other)) => *value == other.clone().into(),
            (Value::String(value), Json::String(other)) => value == other,
            (Value::Array(list), Json::Array(others)) => {
                pairs.extend(list.iter().zip(others));
                list.len() == others.len()
            }
            (Value::Object(map), Json::Object(others)) => {
                let mut values = map.iter();
                map.len() == others.len()
                    && values.all(|(key, value)| {
                        let other = others.get(key);
                        pairs.extend(other.map(|other| (value, other)));
                        other.is_some()
                    })
            }
            _ => false,
        };
        if !is_same {
            return false;
        }
    }
    true
}

/// A value for `Debug`, this number of levels inside the one that is printed.
struct Shown<'a>(&'a Value, u32);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, self.1, formatter)
    }
}

/// What stands in place of what lies too deep.
struct LeftOut;

impl fmt::Debug for LeftOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("…")
    }
}

fn show(value: &Value, depth: u32, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    struct Inside<F>(F);

    impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Debug for Inside<F> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0(formatter)
        }
    }

    match value {
        Value::Null => formatter.write_str("Null"),
        Value::Bool(value) => formatter.debug_tuple("Bool").field(value).finish(),
        Value::Number(value) => formatter.debug_tuple("Number").field(value).finish(),
        Value::String(value) => formatter.debug_tuple("String").field(value).finish(),
        Value::Array(list) => {
            let inside = Inside(|formatter: &mut fmt::Formatter<'_>| show_list(list, depth, formatter));
            formatter.debug_tuple("Array").field(&inside).finish()
        }
        Value::Object(map) => {
            let inside = Inside(|formatter: &mut fmt::Formatter<'_>| show_map(map, depth, formatter));
            formatter.debug_tuple("Object").field(&inside).finish()
        }
    }
}

pub(super) fn show_list(list: &List, depth: u32, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut shown = formatter.debug_list();
    if depth < SHOWN || list.is_empty() {
        shown.entries(list.iter().map(|value| Shown(value, depth + 1)));
    } else {
        shown.entry(&LeftOut);
    }
    shown.finish()
}

pub(super) fn show_map(map: &Map, depth: u32, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut shown = formatter.debug_map();
    if depth < SHOWN || map.is_empty() {
        shown.entries(map.iter().map(|(key, value)| (key, Shown(value, depth + 1))));
    } else {
        shown.entry(&LeftOut, &LeftOut);
    }
    shown.finish()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use serde::Deserialize;

    use super::*;

    const LEVELS: usize = 200_000;

    fn lists() -> Value {
        (0..LEVELS).fold(Value::from(1), |inside, _| List::from([inside]).into())
    }

    fn mixed() -> Value {
        (0..LEVELS / 2).fold(lists(), |inside, _| {
            Map::from([("in", List::from([inside]))]).into()
        })
    }

    /// Runs on a thread with as much stack as threads have by default: a frame for each level has no room on it.
    fn with_little_stack(test: fn(Value)) {
        let run = move || [lists(), mixed()].into_iter().for_each(test);
        let thread = thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run);
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn dropping_takes_no_stack_whoever_drops() {
        with_little_stack(|value| {
            let mut map = Map::from([("a", value.clone()), ("b", value.clone())]);
            assert!(map.insert("a".into(), Value::Null).is_some());
            map.clear();
            let mut list = List::from([value.clone(), value.clone(), value.clone()]);
            list.truncate(2);
            // A part of an iterator, and a part of a value.
            assert!(list.into_iter().next().is_some());
            let Value::Array(mut list) = Value::from(vec![value]) else {
                return;
            };
            drop(list.pop());
        });
    }

    #[test]
    fn clones_are_equal_and_other_values_are_not() {
        with_little_stack(|value| {
            let clone = value.clone();
            assert!(clone == value);
            assert!(List::from([clone]) != List::from([Value::from(vec![value])]));
        });
        let map = Map::from([
            ("a", Value::from(vec![1, 2])),
            ("b", Map::from([("c", 1)]).into()),
        ]);
        let clone = map.clone();
        assert_eq!(clone, map);
        assert_eq!(clone.to_string(), r#"{"a":[1,2],"b":{"c":1}}"#);
    }

    #[test]
    fn printing_is_whole_or_says_what_it_leaves_out() {
        with_little_stack(|value| {
            let debug = format!("{value:?}");
            assert!(debug.contains('…') && debug.len() < 10_000);
            assert!(value.to_string().len() > LEVELS * 2);
        });
        let value: Value = r#"{"a":[1,"é\n",{},[]],"b":{"c":null}}"#.parse().unwrap();
        assert_eq!(value.to_string(), r#"{"a":[1,"é\n",{},[]],"b":{"c":null}}"#);
        assert_eq!(
            format!(
                "{:?}",
                Value::from(vec![Value::Null, true.into(), Map::from([("k", 1)]).into()])
            ),
            r#"Array([Null, Bool(true), Object({"k": Number(Number(1))})])"#
        );
    }

    #[test]
    fn serde_refuses_what_is_too_deep() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "it is only read")]
        struct Chain(Vec<Chain>);

        with_little_stack(|value| {
            let error = serde_json::to_string(&value).unwrap_err();
            assert!(error.to_string().contains("256 levels"), "{error}");
            assert!(serde_json::to_value(&value).is_err());
            assert!(Value::from_serialize(&value).is_err());
            assert!(
                value
                    .clone()
                    .deserialize_into::<Value>()
                    .unwrap_err()
                    .is_too_deep()
            );
            assert!(value.clone().deserialize_into::<Chain>().is_err());
            // What serde_json could not drop is not made.
            assert!(
                serde_json::to_string(&serde_json::Value::from(value))
                    .unwrap()
                    .ends_with(['}', ']'])
            );
        });
        assert!("[".repeat(LEVELS).parse::<Value>().unwrap_err().is_too_deep());
    }
}
