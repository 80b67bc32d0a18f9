//! Maps that are changed: what was touched goes as it is now, the rest as it came.

use std::collections::BTreeMap;

use plugin_sdk::codec::{from_struct, to_struct};
use plugin_sdk::{Map, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::{json_of, lazily, numbered, sample, sent};

#[test]
fn insert_replaces_in_place_and_adds_at_the_end() {
    let (mut map, _) = lazily(&json!({"a": 1, "b": {"c": 2}}));
    assert_eq!(
        map.insert("b".into(), "new".into()),
        Some(Value::from(json!({"c": 2})))
    );
    assert_eq!(map.insert("0".into(), Value::Null), None);
    assert_eq!(map.insert("0".into(), true.into()), Some(Value::Null));
    assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b", "0"]);
    assert_eq!(sent(&map), json!({"a": 1, "b": "new", "0": true}));
}

#[test]
fn remove_keeps_the_order_and_gives_the_value() {
    let (mut map, bytes) = lazily(&sample());
    assert_eq!(map.remove("no such key"), None);
    assert_eq!(to_struct(&map).unwrap(), bytes);

    assert_eq!(map.remove("list"), Some(sample()["list"].clone().into()));
    assert_eq!(map.remove("list"), None);
    let mut expected = sample();
    expected.as_object_mut().unwrap().remove("list");
    assert_eq!(json_of(&map), expected);
    assert_eq!(sent(&map), expected);
    let keys: Vec<_> = expected.as_object().unwrap().keys().collect();
    assert_eq!(map.keys().collect::<Vec<_>>(), keys);
}

#[test]
fn retain_clear_and_the_mutable_iterators() {
    let (mut map, _) = lazily(&numbered(50));
    map.retain(|key, value| {
        if let Some(number) = value.as_i64() {
            *value = (number * 2).into();
        }
        key.ends_with('3')
    });
    assert_eq!(
        sent(&map),
        json!({"key 3": 6, "key 13": 26, "key 23": 46, "key 33": 66, "key 43": 86})
    );
    assert_eq!(map["key 43"], 86);

    for (_, value) in &mut map {
        *value = Value::Null;
    }
    for value in map.values_mut().rev().take(1) {
        *value = "last".into();
    }
    assert_eq!(map.values().filter(|value| value.is_null()).count(), 4);
    assert_eq!(sent(&map), json_of(&map));

    map.clear();
    assert!(map.is_empty() && map.get("key 3").is_none());
    assert_eq!(sent(&map), json!({}));
    map.extend([("a", 1)]);
    assert_eq!(sent(&map), json!({"a": 1}));
}

#[test]
fn a_change_deep_inside_is_sent() {
    let (mut map, _) = lazily(&sample());
    let clone = map.clone();
    map["object"]["inner"].get("text").unwrap();
    *map.get_mut("object")
        .unwrap()
        .get_mut("inner")
        .unwrap()
        .get_mut("text")
        .unwrap() = "new".into();
    map.get_mut("list")
        .unwrap()
        .as_array_mut()
        .unwrap()
        .push(4.into());
    let mut expected = sample();
    expected["object"]["inner"]["text"] = "new".into();
    expected["list"].as_array_mut().unwrap().push(4.into());
    assert_eq!(json_of(&map), expected);
    assert_eq!(sent(&map), expected);
    assert_eq!(sent(&clone), sample());

    let mut value = Value::from(clone);
    let count = value["count"].clone();
    let object = value.get_mut("object").and_then(Value::as_object_mut).unwrap();
    object.insert("added".into(), Map::from([("deeper", 1)]).into());
    *value.get_mut("name").unwrap() = count;
    let mut expected = sample();
    expected["object"]["added"] = json!({"deeper": 1});
    expected["name"] = 3.into();
    assert_eq!(value, expected);
    assert_eq!(value.get_mut("name").unwrap().take(), 3);
    assert!(value["name"].is_null());
}

#[test]
fn a_map_taken_apart_gives_its_entries() {
    for touched in [false, true] {
        let (mut map, _) = lazily(&sample());
        if touched {
            map.insert("name".into(), "search".into());
        }
        let entries: Vec<(String, Value)> = map.into_iter().collect();
        let collected: Map = entries.into_iter().collect();
        assert_eq!(json_of(&collected), sample());
        assert_eq!(serde_json::Map::from(collected), *sample().as_object().unwrap());
    }
}

#[derive(Clone, Debug)]
enum Change {
    Insert(u8, i32),
    Remove(u8),
    Mutate(u8),
    Read(u8),
    Retain(u8),
    Clone,
    Resend,
}

fn change() -> impl Strategy<Value = Change> {
    let key = 0..60_u8;
    prop_oneof![
        6 => (key.clone(), any::<i32>()).prop_map(|(key, value)| Change::Insert(key, value)),
        6 => key.clone().prop_map(Change::Remove),
        3 => key.clone().prop_map(Change::Mutate),
        6 => key.prop_map(Change::Read),
        1 => (2..20_u8).prop_map(Change::Retain),
        1 => Just(Change::Clone),
        1 => Just(Change::Resend),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_map_behaves_as_a_list_of_entries_would(start in 0..50_usize, changes in vec(change(), 0..80)) {
        let (mut map, _) = lazily(&numbered(start));
        // The order that the map is to have, and its values.
        let mut order: Vec<String> = map.keys().map(str::to_owned).collect();
        let mut model: BTreeMap<String, Value> = map.clone().into_iter().collect();
        let name = |key: u8| format!("key {key}");
        for change in changes {
            match change {
                Change::Insert(key, value) => {
                    let key = name(key);
                    let earlier = model.insert(key.clone(), value.into());
                    if earlier.is_none() {
                        order.push(key.clone());
                    }
                    prop_assert_eq!(map.insert(key, value.into()), earlier);
                }
                Change::Remove(key) => {
                    order.retain(|other| *other != name(key));
                    prop_assert_eq!(map.remove(&name(key)), model.remove(&name(key)));
                }
                Change::Mutate(key) => {
                    let (value, expected) = (map.get_mut(&name(key)), model.get_mut(&name(key)));
                    prop_assert_eq!(&value, &expected);
                    if let (Some(value), Some(expected)) = (value, expected) {
                        *value = Value::from(vec![value.take()]);
                        *expected = Value::from(vec![expected.take()]);
                    }
                }
                Change::Read(key) => {
                    prop_assert_eq!(map.get(&name(key)), model.get(&name(key)));
                    prop_assert_eq!(map.contains_key(&name(key)), model.contains_key(&name(key)));
                }
                Change::Retain(divisor) => {
                    let keep = |value: &Value| value.as_i64().is_some_and(|value| value % i64::from(divisor) != 0);
                    map.retain(|_, value| keep(value));
                    model.retain(|_, value| keep(value));
                    order.retain(|key| model.contains_key(key));
                }
                Change::Clone => map = map.clone(),
                Change::Resend => {
                    map = from_struct(&to_struct(&map).unwrap()).unwrap();
                }
            }
            prop_assert_eq!(map.len(), model.len());
        }
        prop_assert_eq!(map.keys().collect::<Vec<_>>(), order.iter().collect::<Vec<_>>());
        prop_assert_eq!(sent(&map), serde_json::to_value(&model).unwrap());
        let arrived: Map = from_struct(&to_struct(&map).unwrap()).unwrap();
        prop_assert_eq!(arrived.keys().collect::<Vec<_>>(), order.iter().collect::<Vec<_>>());
        prop_assert_eq!(map, model.into_iter().collect::<Map>());
    }
}
