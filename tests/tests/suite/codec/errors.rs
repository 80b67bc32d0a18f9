//! Errors name the place.

use std::collections::{BTreeMap, HashMap};

use plugin_sdk::Map;
use plugin_sdk::codec::{from_struct, to_struct};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wire::{bytes, element, entry, list, number, text};

#[derive(Debug, Deserialize)]
struct Payload {
    #[expect(dead_code, reason = "only read")]
    args: Arguments,
}

#[derive(Debug, Deserialize)]
struct Arguments {
    #[expect(dead_code, reason = "only read")]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Item {
    name: String,
    #[serde(default)]
    shape: Option<Shape>,
    #[serde(default)]
    texts: Map<String>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Shape {
    Tuple(f64, f64),
    Struct { radius: f64 },
    Newtype(f64),
}

fn read(item: &Value) -> (String, String) {
    let document = json!({"args": {"items": [{"name": "a"}, {"name": "b"}, item]}});
    let error = from_struct::<Payload>(&to_struct(&document).unwrap()).unwrap_err();
    (error.path(), error.to_string())
}

#[test]
fn what_does_not_fit_the_type_is_named_by_its_path() {
    let cases = [
        (
            json!({"name": 3}),
            "args.items[2].name",
            "invalid type: integer, expected a string",
        ),
        (json!({}), "args.items[2]", "missing field `name`"),
        (json!([]), "args.items[2]", "invalid length 0"),
        (
            json!({"name": "c", "shape": {"Tuple": [1, "x"]}}),
            "args.items[2].shape.Tuple[1]",
            "invalid type",
        ),
        (
            json!({"name": "c", "shape": {"Tuple": [1, 2, 3]}}),
            "args.items[2].shape.Tuple",
            "more than the 2",
        ),
        (
            json!({"name": "c", "shape": {"Struct": {"radius": null}}}),
            "args.items[2].shape.Struct.radius",
            "unit",
        ),
        (
            json!({"name": "c", "shape": {"Oval": 1}}),
            "args.items[2].shape.Oval",
            "unknown variant, expected one of `Tuple`, `Struct`, `Newtype`",
        ),
        (
            json!({"name": "c", "shape": {}}),
            "args.items[2].shape",
            "found an empty one",
        ),
        (
            json!({"name": "c", "texts": {"k": 1}}),
            "args.items[2].texts.k",
            "a number, expected a string",
        ),
        (
            json!({"name": "c", "texts": {"k": null}}),
            "args.items[2].texts.k",
            "null, expected a string",
        ),
        (
            json!({"name": "c", "texts": "k"}),
            "args.items[2].texts",
            "invalid type: string, expected an object",
        ),
    ];
    for (item, path, message) in cases {
        let (found, text) = read(&item);
        assert_eq!(found, path, "{text}");
        assert!(
            text.starts_with(&format!("{path}: ")) && text.contains(message),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_written_is_named_by_its_path() {
    fn path(value: &impl Serialize) -> String {
        to_struct(&BTreeMap::from([("a", value)])).unwrap_err().path()
    }
    assert_eq!(path(&[1.0, f64::NAN]), "a[1]");
    assert_eq!(path(&BTreeMap::from([("b", u64::MAX)])), "a.b");
    assert_eq!(path(&Shape::Newtype(f64::NAN)), "a.Newtype");
    assert_eq!(path(&Shape::Tuple(0.0, f64::NAN)), "a.Tuple[1]");
    assert_eq!(
        path(&Shape::Struct {
            radius: f64::INFINITY
        }),
        "a.Struct.radius"
    );
    assert_eq!(path(&HashMap::from([(1, [[f64::NAN]])])), "a.1[0][0]");
    assert_eq!(path(&BTreeMap::from([((1, 2), 3)])), "a");
    let map: Map = BTreeMap::from([("b", vec![u64::MAX])]).into_iter().collect();
    assert_eq!(path(&map), "a.b[0]");
}

#[test]
fn broken_utf8_is_named_by_its_byte() {
    let value = entry(
        "k",
        list([element(number(1.0)), element(text(b"ab\xff"))].concat()),
    );
    let position = value.len() - 1;
    let key = bytes(1, [bytes(1, b"\xc3("), bytes(2, [])].concat());
    for (document, position, path) in [(value, position, "k[1]"), (key, 4, "")] {
        let errors = [
            from_struct::<Value>(&document).unwrap_err(),
            from_struct::<Map>(&document).unwrap_err(),
            from_struct::<BTreeMap<String, Value>>(&document).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(
                (error.position(), error.path().as_str()),
                (Some(position), path),
                "{error}"
            );
            assert!(
                error
                    .to_string()
                    .ends_with(&format!("is not valid UTF-8 (at byte {position})")),
                "{error}"
            );
        }
    }
    let error =
        from_struct::<BTreeMap<String, Map>>(&entry("k", super::wire::object(entry("l", text(b"\xff")))));
    assert_eq!(error.unwrap_err().path(), "k.l");
}

#[test]
fn errors_quote_no_more_than_is_of_use() {
    let long = "x".repeat(1_000_000);
    let key = to_struct(&json!({ "a": { &long: 1 } })).unwrap();
    let error = from_struct::<BTreeMap<String, BTreeMap<String, bool>>>(&key).unwrap_err();
    assert!(error.to_string().len() < 2_000, "{}", error.to_string().len());
    let value = to_struct(&json!({ "a": long })).unwrap();
    let error = from_struct::<BTreeMap<String, bool>>(&value).unwrap_err();
    assert!(error.to_string().len() < 2_000, "{}", error.to_string().len());
}
