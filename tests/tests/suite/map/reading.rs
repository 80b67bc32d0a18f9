//! Maps that are only read: they go back byte for byte.

use std::collections::BTreeMap;

use plugin_sdk::codec::{from_struct, to_struct};
use plugin_sdk::{Map, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{lazily, numbered, sample};
use crate::codec::wire::{boolean, bytes, entry, null, number, object, overlong, text, varint};

#[test]
fn reading_changes_nothing() {
    for document in [sample(), numbered(100), json!({})] {
        let (map, bytes) = lazily(&document);
        assert_eq!(to_struct(&map).unwrap(), bytes);

        assert!(map.get("no such key").is_none());
        assert_eq!(map.contains_key("name"), document.get("name").is_some());
        assert_eq!(map.len(), document.as_object().unwrap().len());
        assert_eq!(map.is_empty(), document == json!({}));
        assert_eq!(
            map.keys().collect::<Vec<_>>(),
            document.as_object().unwrap().keys().collect::<Vec<_>>()
        );
        for (key, value) in &map {
            assert_eq!(*value, document[key]);
            assert_eq!(map.get(key), Some(value));
            assert_eq!(map[key], *value);
        }
        assert_eq!(map.values().count(), map.len());
        assert_eq!(map.values().rev().count(), map.keys().rev().count());
        assert_eq!(map.iter().len(), map.len());
        assert_eq!(format!("{map}"), document.to_string());
        assert!(format!("{map:?}").starts_with('{'));
        assert_eq!(map, map.clone());

        assert_eq!(to_struct(&map).unwrap(), bytes);
        assert_eq!(to_struct(&map.clone()).unwrap(), bytes);
    }
}

#[test]
fn what_no_encoder_would_write_goes_back_as_it_came() {
    // Unknown fields, a key twice, a value in pieces, lengths longer than need be, an entry without key and value.
    let unknown = bytes(9, "unknown");
    let long_length = [
        vec![0x0a],
        overlong(varint(7).len() as u64 + 2),
        bytes(1, [])[..0].to_vec(),
        vec![0x0a, 1, b'l'],
    ];
    let pieces = bytes(
        1,
        [
            bytes(1, "p"),
            bytes(2, object([])),
            bytes(2, object(entry("i", null()))),
        ]
        .concat(),
    );
    let document = [
        unknown.clone(),
        entry("k", number(1.0)),
        pieces,
        entry("k", [text("x"), unknown.clone()].concat()),
        bytes(1, []),
        long_length.concat(),
        unknown,
    ]
    .concat();
    let map: Map = from_struct(&document).unwrap();
    assert_eq!(map.keys().collect::<Vec<_>>(), ["k", "p", "", "l"]);
    assert_eq!(map["k"], "x");
    assert_eq!(map["p"]["i"], Value::Null);
    assert!(map[""].is_null() && map["l"].is_null());
    assert_eq!(to_struct(&map).unwrap(), document);

    // Changed, it is written as an encoder would; the last of two entries is the one that counts, in the place of the first.
    let mut changed = map.clone();
    changed.insert("n".into(), 1.into());
    let again: Map = from_struct(&to_struct(&changed).unwrap()).unwrap();
    assert_eq!(again.keys().collect::<Vec<_>>(), ["k", "p", "", "l", "n"]);
    assert_eq!(again, changed);

    // As a part of a map that changed, what was not touched does so as well.
    let mut outer: Map = from_struct(&entry("inner", object(&document))).unwrap();
    outer.insert("n".into(), 1.into());
    assert_eq!(
        to_struct(&outer).unwrap(),
        [entry("inner", object(&document)), entry("n", number(1.0))].concat()
    );
}

#[test]
fn entries_around_a_changed_one_go_back_as_they_came() {
    // Lengths longer than need be tell bytes that were passed on from those that were written anew.
    let long = |key: &str| {
        let inside = [bytes(1, key), bytes(2, text(key))].concat();
        let length = u8::try_from(inside.len()).unwrap();
        [vec![0x0a, 0x80 | length, 0], inside].concat()
    };
    let names = ["a", "b", "c", "d", "e"];
    let document = names.map(long).concat();
    for changed in names {
        let mut map: Map = from_struct(&document).unwrap();
        map.insert("last".into(), Value::Null);
        match map.get_mut(changed) {
            Some(value) if changed < "c" => *value = true.into(),
            _ => assert_eq!(map.insert(changed.into(), true.into()), Some(changed.into())),
        }
        let expected = names.map(|name| {
            if name == changed {
                entry(name, boolean(true))
            } else {
                long(name)
            }
        });
        let expected = [expected.concat(), entry("last", null())].concat();
        assert_eq!(to_struct(&map).unwrap(), expected, "{changed}");

        map.remove(changed);
        let left: Vec<_> = names.iter().copied().filter(|name| *name != changed).collect();
        let again: Map = from_struct(&to_struct(&map).unwrap()).unwrap();
        assert_eq!(again.keys().collect::<Vec<_>>(), [&left[..], &["last"]].concat());
    }
}

#[test]
fn an_object_in_a_value_goes_back_as_it_came() {
    let (map, bytes) = lazily(&sample());
    let value = Value::from(map.clone());
    assert_eq!(value["object"]["inner"]["text"], "é");
    assert_eq!(to_struct(&value).unwrap(), bytes);
    let read: Value = from_struct(&bytes).unwrap();
    assert_eq!(read, value);
    assert_eq!(to_struct(&read).unwrap(), bytes);
    let inner = map["object"].as_object().unwrap();
    assert_eq!(to_struct(inner).unwrap(), to_struct(&sample()["object"]).unwrap());
    assert_eq!(
        to_struct(&inner["inner"]).unwrap(),
        to_struct(&json!({"text": "é"})).unwrap()
    );
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Payload {
    name: String,
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    args: Map,
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    headers: Map<String>,
}

#[test]
fn absent_and_null_maps_are_empty_and_stay_what_they_were() {
    for document in [
        json!({"name": "n"}),
        json!({"name": "n", "args": null, "headers": null}),
        json!({"name": "n", "args": {}, "headers": {}}),
        json!({"name": "n", "args": {"a": null}, "headers": {"h": ""}}),
    ] {
        let bytes = to_struct(&document).unwrap();
        let mut payload: Payload = from_struct(&bytes).unwrap();
        assert_eq!(
            serde_json::from_value::<Payload>(document.clone()).unwrap(),
            payload
        );
        assert_eq!(payload.args.is_empty(), payload.headers.is_empty());
        assert_eq!(payload.args.was_absent(), document.get("args").is_none());
        assert_eq!(
            from_struct::<serde_json::Value>(&to_struct(&payload).unwrap()).unwrap(),
            document
        );
        assert_eq!(serde_json::to_value(&payload).unwrap(), document);
        assert_eq!(to_struct(&payload.clone()).unwrap(), to_struct(&payload).unwrap());

        // Once something is in them they are objects, and when it is out again what they were.
        let empty = payload.args.is_empty();
        payload.args.insert("x".into(), 1.into());
        assert_eq!(serde_json::to_value(&payload).unwrap()["args"]["x"], 1);
        payload.args.remove("x");
        if empty {
            assert_eq!(serde_json::to_value(&payload).unwrap(), document);
        }
    }
    assert!(Map::<String>::new().was_absent() && Map::<Value>::default().was_absent());
    assert!(!Map::<Value>::from_iter(Vec::<(String, Value)>::new()).was_absent());
}

#[test]
fn equality_does_not_depend_on_order_or_on_where_the_entries_are() {
    for count in [3, 40] {
        let document = numbered(count);
        let (map, _) = lazily(&document);
        let reversed: Map = map.iter().rev_entries().collect();
        assert_eq!(map, reversed);
        assert_eq!(reversed, map);
        assert_ne!(to_struct(&map).unwrap(), to_struct(&reversed).unwrap());

        let mut other = reversed.clone();
        other.insert("key 0".into(), "other".into());
        assert_ne!(map, other);
        other.remove("key 0");
        assert_ne!(map, other);
        other.insert("another".into(), 0.into());
        assert_ne!(map, other);
    }
}

trait RevEntries {
    fn rev_entries(self) -> impl Iterator<Item = (String, Value)>;
}

impl<'a, I: Iterator<Item = (&'a str, &'a Value)>> RevEntries for I {
    fn rev_entries(self) -> impl Iterator<Item = (String, Value)> {
        let mut entries: Vec<_> = self.map(|(key, value)| (key.to_owned(), value.clone())).collect();
        entries.reverse();
        entries.into_iter()
    }
}

#[test]
fn a_map_of_strings_has_only_strings() {
    let texts = [entry("a", text("x")), entry("b", []), entry("c", text(""))];
    let error = from_struct::<Map<String>>(&texts.concat()).unwrap_err();
    assert_eq!(error.to_string(), "b: invalid type: null, expected a string");
    let fine = [entry("a", text("x")), entry("c", text(""))].concat();
    let map: Map<String> = from_struct(&fine).unwrap();
    assert_eq!((map["a"].as_str(), map["c"].as_str()), ("x", ""));
    assert_eq!(to_struct(&map).unwrap(), fine);
    let (key, value) = map.into_iter().next().unwrap();
    assert_eq!((key.as_str(), value.as_str()), ("a", "x"));

    let others = [
        (number(1.0), "a number"),
        (boolean(true), "a boolean"),
        (object([]), "an object"),
        (crate::codec::wire::list([]), "a list"),
    ];
    for (value, found) in others {
        let headers = entry("headers", object(entry("x-key", value)));
        let error = from_struct::<BTreeMap<String, Map<String>>>(&headers).unwrap_err();
        assert_eq!(error.path(), "headers.x-key");
        assert!(error.to_string().contains(found), "{error}");
    }
    let error = serde_json::from_value::<Map<String>>(json!({"a": 1})).unwrap_err();
    assert!(error.to_string().contains("expected a string"));
}

#[test]
fn maps_are_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Map>();
    shared::<Map<String>>();
    shared::<Value>();

    let (map, bytes) = lazily(&numbered(1_000));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for index in 0..1_000 {
                    assert_eq!(map[format!("key {index}").as_str()], index);
                }
            });
        }
    });
    assert_eq!(to_struct(&map).unwrap(), bytes);
}
