//! Values and the bytes of their `google.protobuf.Struct`.

use std::collections::{BTreeMap, BTreeSet};

use plugin_sdk::codec::{CodecError, from_struct, to_struct};
use serde::Serialize;
use serde_json::{Value, json};

use super::{bytes, text, vectors};

/// What our codec does with the value of a case.
enum Written {
    /// The recorded bytes.
    Same(Result<Vec<u8>, CodecError>),
    /// Other bytes, or bytes where the recorded codec refuses.
    Other(Result<Vec<u8>, CodecError>, &'static str),
    /// Nothing, although the recorded codec wrote something.
    Refused(Result<Vec<u8>, CodecError>),
    /// No Rust value is like it.
    NoSuchValue,
}
use Written::{NoSuchValue, Other, Refused, Same};

fn write(value: impl Serialize) -> Result<Vec<u8>, CodecError> {
    to_struct(&BTreeMap::from([("v", value)]))
}

/// Bytes, which serde keeps apart from lists of numbers.
struct Blob;

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(b"x")
    }
}

#[derive(Serialize)]
enum Choice {
    #[serde(rename = "a")]
    A,
}

/// How each value is written, and what its recorded bytes are read as; `None` if they can't be read, or there are none.
fn table() -> Vec<(&'static str, Written, Option<Value>)> {
    let of = |value: Value| (Same(write(&value)), Some(value));
    let row = |id: &'static str, (written, read): (Written, Option<Value>)| (id, written, read);
    vec![
        row("int", of(json!(3))),
        row("negative", of(json!(-3))),
        row("zero", of(json!(0))),
        row("neg-zero", of(json!(-0.0))),
        ("float-integral", Same(write(3.0)), Some(json!(3))),
        row("fraction", of(json!(2.5))),
        row("tenth", of(json!(0.1))),
        row("2^53", of(json!(1_u64 << 53))),
        (
            "2^53+1",
            Refused(write((1_u64 << 53) + 1)),
            Some(json!(1_u64 << 53)),
        ),
        ("int64-max", Refused(write(i64::MAX)), Some(json!(2_f64.powi(63)))),
        ("int64-min", Same(write(i64::MIN)), Some(json!(-2_f64.powi(63)))),
        (
            "uint64-max",
            Refused(write(u64::MAX)),
            Some(json!(2_f64.powi(64))),
        ),
        ("1e30", Refused(write(10_i128.pow(30))), Some(json!(1e30))),
        ("too-large", Same(write(u128::MAX)), None),
        row("double-max", of(json!(f64::MAX))),
        row("double-tiny", of(json!(5e-324))),
        row("true", of(json!(true))),
        row("null", of(json!(null))),
        row("nested-null", of(json!({"a": null}))),
        row("list-null", of(json!([null, 1, "x"]))),
        row("empty-object", of(json!({}))),
        row("empty-list", of(json!([]))),
        ("tuple", Same(write((1, 2))), Some(json!([1, 2]))),
        ("nan", Refused(write(f64::NAN)), None),
        ("inf", Refused(write(f64::INFINITY)), None),
        row("string", of(json!("é😀\"\\\n"))),
        row("nul-char", of(json!("a\0b"))),
        ("lone-surrogate", NoSuchValue, None),
        row("empty-string", of(json!(""))),
        (
            "set",
            Other(write(BTreeSet::from([1])), "a set is written as a list"),
            None,
        ),
        (
            "bytes",
            Other(write(Blob), "bytes are written as a list of numbers, as in JSON"),
            None,
        ),
        ("enum-str", Same(write(Choice::A)), Some(json!("a"))),
        ("datetime", NoSuchValue, None),
        ("secret", NoSuchValue, None),
    ]
}

#[test]
fn values_have_the_recorded_bytes() {
    let vectors = vectors("struct_json.json");
    let cases = vectors["values"].as_array().unwrap();
    assert_eq!(cases.len(), 34, "the number of values");
    for (case, (id, written, read)) in cases.iter().zip(table()) {
        assert_eq!(text(case, "id"), id);
        let recorded = case["struct_hex"].as_str().map(bytes);
        match written {
            Same(written) => assert_eq!(written.ok(), recorded, "{id}"),
            Refused(written) => assert!(written.is_err() && recorded.is_some(), "{id}: {written:?}"),
            Other(written, reason) => assert_ne!(written.ok(), recorded, "{id}: {reason}"),
            NoSuchValue => assert_eq!(recorded, None, "{id}"),
        }
        let ours = recorded.and_then(|recorded| from_struct::<Value>(&recorded).ok());
        assert_eq!(ours, read.map(|value| json!({"v": value})), "{id}");
        // Equal, and yet not the same.
        if id == "neg-zero" {
            assert!(ours.unwrap()["v"].as_f64().unwrap().is_sign_negative());
        }
    }
}

#[test]
fn a_value_without_a_kind_is_null() {
    let recorded = bytes(text(&vectors("struct_json.json")["unset_kind"], "struct_hex"));
    assert_eq!(from_struct::<Value>(&recorded).unwrap(), json!({"x": null}));
}

/// Ours writes what every Python host can read and no more; the recorded codec writes what none can.
#[test]
fn documents_nest_as_deep_as_hosts_can_read() {
    let vectors = vectors("struct_json.json");
    let cases = vectors["nesting"].as_array().unwrap();
    assert_eq!(cases.len(), 8, "the number of depths");
    for case in cases {
        let depth = case["object_nesting_depth"].as_u64().unwrap();
        // The depth counts the document itself.
        let document = (1..depth).fold(json!({}), |inner, _| json!({"k": inner}));
        let readable = case["parse_inside_InvokeHookRequest"] == "ok";
        assert_eq!(to_struct(&document).is_ok(), readable, "written at depth {depth}");
        let bytes = prost::Message::encode_to_vec(&super::decode::to_struct(&document));
        assert_eq!(
            from_struct::<Value>(&bytes).is_ok(),
            readable,
            "read at depth {depth}"
        );
    }
}
