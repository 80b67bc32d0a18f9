//! The codec of documents, judged by an independent one: `prost_types::Struct`.

#![expect(
    clippy::unwrap_used,
    reason = "what the helpers of a test can't do is a failed test"
)]

pub(crate) mod depth;
pub(crate) mod documents;
mod errors;
mod hostile;
mod malformed;
mod rules;
mod typed;
pub(crate) mod wire;

use plugin_sdk::Map;
use plugin_sdk::codec::{from_struct, to_struct};
use proptest::prelude::*;
use prost::Message;
use prost_types::{Struct, value::Kind};
use serde_json::{Value, json};

/// A document as prost reads it, under the rule for numbers that ours is to follow.
fn judged(document: Struct) -> Value {
    let fields = document.fields.into_iter();
    Value::Object(fields.map(|(key, value)| (key, judged_value(value))).collect())
}

fn judged_value(value: prost_types::Value) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::NumberValue(value)) => number(value),
        Some(Kind::StringValue(value)) => value.into(),
        Some(Kind::StructValue(value)) => judged(value),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(judged_value).collect(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
fn number(value: f64) -> Value {
    let is_integer =
        value.fract() == 0.0 && value.abs() <= 2_f64.powi(53) && value.to_bits() != (-0.0_f64).to_bits();
    if is_integer {
        (value as i64).into()
    } else {
        json!(value)
    }
}

/// What is read again of a document that was written: its numbers went through doubles.
pub(crate) fn through_doubles(value: &Value) -> Value {
    match value {
        Value::Number(value) => number(value.as_f64().unwrap()),
        Value::Array(values) => values.iter().map(through_doubles).collect(),
        Value::Object(map) => {
            let entries = map.iter();
            Value::Object(
                entries
                    .map(|(key, value)| (key.clone(), through_doubles(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// Equality in which minus zero is not zero, and the order of keys does not matter.
pub(crate) fn assert_same(left: &Value, right: &Value) {
    assert!(is_same(left, right), "{left}\nis not\n{right}");
}

fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.to_string() == right.to_string(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(key, value)| right.get(key).is_some_and(|other| is_same(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

/// Reads bytes that prost reads as this document, in every way in which authors read them.
fn assert_reads_as(bytes: &[u8], expected: &Value) {
    assert_same(&judged(Struct::decode(bytes).unwrap()), expected);
    assert_same(&from_struct(bytes).unwrap(), expected);
    let map: Map = from_struct(bytes).unwrap();
    assert_same(&Value::Object(map.into()), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_as_written(document in documents::object()) {
        let bytes = to_struct(&document).unwrap();
        assert_reads_as(&bytes, &through_doubles(&document));
    }

    #[test]
    fn what_prost_writes_reads_as_prost_reads_it(document in documents::object()) {
        let bytes = Struct::decode(to_struct(&document).unwrap().as_slice()).unwrap().encode_to_vec();
        assert_reads_as(&bytes, &through_doubles(&document));
    }

    #[test]
    fn a_map_writes_what_it_read(document in documents::object()) {
        let bytes = to_struct(&document).unwrap();
        let map: Map = from_struct(&bytes).unwrap();
        prop_assert_eq!(to_struct(&map).unwrap(), bytes.clone());

        // As values of its own, in the order in which the keys were.
        let read: Map = map.iter().map(|(key, value)| (key, value.clone())).collect();
        prop_assert_eq!(to_struct(&read).unwrap(), bytes);
    }
}
