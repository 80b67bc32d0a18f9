//! Random documents.

use std::ops::Range;

use proptest::char::range;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// An object of moderate size and depth, of everything that a `Struct` can hold.
pub(crate) fn object() -> impl Strategy<Value = Value> {
    btree_map(key(), value(), 0..8).prop_map(|entries| Value::Object(Map::from_iter(entries)))
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number(),
        text().prop_map(Value::String),
    ];
    scalar.prop_recursive(6, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::Array),
            btree_map(key(), inner, 0..8).prop_map(|entries| Value::Object(Map::from_iter(entries))),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => string(range('a', 'z'), 1..12), 1 => Just(String::new()), 1 => string(any::<char>(), 0..12)]
}

fn text() -> impl Strategy<Value = String> {
    let unit = prop_oneof![Just("a"), Just("é"), Just("漢"), Just("🦀"), Just("\0")];
    // Around the lengths at which the length of a length changes, of the string and of what stands around it.
    let edge = prop_oneof![110..140_usize, 16_360..16_400_usize];
    prop_oneof![
        40 => string(range(' ', '~'), 0..40),
        40 => string(any::<char>(), 0..20),
        1 => (unit, edge).prop_map(|(unit, bytes)| unit.repeat(bytes / unit.len())),
        1 => edge_text(),
    ]
}

fn string(characters: impl Strategy<Value = char>, length: Range<usize>) -> impl Strategy<Value = String> {
    vec(characters, length).prop_map(String::from_iter)
}

fn edge_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(127), Just(128), Just(16_383), Just(16_384)].prop_map(|length| "x".repeat(length))
}

fn number() -> impl Strategy<Value = Value> {
    let border = 1_i64 << 53;
    prop_oneof![
        4 => (-1_000..1_000_i64).prop_map(Value::from),
        2 => (-border..=border).prop_map(Value::from),
        1 => (border - 3..=border).prop_map(Value::from),
        // Larger integers that a double holds.
        1 => (0..1_u64 << 53, 0..11_u32).prop_map(|(digits, zeros)| Value::from(digits << zeros)),
        1 => (0..1_i64 << 52, 0..11_u32).prop_map(|(digits, zeros)| Value::from(-(digits << zeros))),
        4 => (-1e6..1e6).prop_map(|float: f64| json!(float)),
        2 => any::<f64>().prop_map(|float| json!(float)),
        2 => prop_oneof![
            Just(-0.0),
            Just(0.0),
            Just(f64::MIN_POSITIVE),
            Just(f64::from_bits(1)),
            Just(-f64::from_bits(0x000f_ffff_ffff_ffff)),
            Just(f64::MAX),
            Just(f64::MIN),
            Just(9_007_199_254_740_994.0),
            Just(-9_007_199_254_740_994.0),
            Just(0.1),
            Just(1e22),
            Just(123_456_789_012_345_680_000.0),
        ]
        .prop_map(|float: f64| json!(float)),
    ]
}
