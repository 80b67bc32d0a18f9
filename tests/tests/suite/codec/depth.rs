//! How deep documents may nest, both ways: what a Python host reads, and never by the stack.

use std::time::{Duration, Instant};

use plugin_sdk::Map;
use plugin_sdk::codec::{from_struct, to_struct};
use prost::Message;
use prost_types::Struct;
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{bytes, element, entry, list, nested_lists, nested_objects, object, tag, varint};

/// The most that is read and written, below the root.
pub(crate) const OBJECTS: usize = 33;
pub(crate) const LISTS: usize = 49;

fn objects(count: usize) -> Value {
    (0..count).fold(json!({}), |inside, _| json!({ "k": inside }))
}

fn lists(count: usize) -> Value {
    let lists = (1..count).fold(json!([]), |inside, _| json!([inside]));
    json!({ "k": lists })
}

#[test]
fn objects_nest_as_deep_as_prost_and_python_read_them() {
    let deepest = nested_objects(OBJECTS);
    assert_eq!(to_struct(&objects(OBJECTS)).unwrap(), deepest);
    assert_eq!(from_struct::<Value>(&deepest).unwrap(), objects(OBJECTS));
    assert_eq!(
        to_struct(&from_struct::<Map>(&deepest).unwrap()).unwrap(),
        deepest
    );
    assert!(Struct::decode(deepest.as_slice()).is_ok());

    let deeper = nested_objects(OBJECTS + 1);
    assert!(Struct::decode(deeper.as_slice()).is_err());
    refused(&deeper, &objects(OBJECTS + 1));
}

#[test]
fn lists_nest_as_deep_as_prost_and_python_read_them() {
    let deepest = nested_lists(LISTS);
    assert_eq!(to_struct(&lists(LISTS)).unwrap(), deepest);
    assert_eq!(from_struct::<Value>(&deepest).unwrap(), lists(LISTS));
    assert_eq!(
        to_struct(&from_struct::<Map>(&deepest).unwrap()).unwrap(),
        deepest
    );
    assert!(Struct::decode(deepest.as_slice()).is_ok());

    let deeper = nested_lists(LISTS + 1);
    assert!(Struct::decode(deeper.as_slice()).is_err());
    refused(&deeper, &lists(LISTS + 1));
}

fn refused(bytes: &[u8], document: &Value) {
    let read = from_struct::<Value>(bytes).unwrap_err();
    let lazily = from_struct::<Map>(bytes).unwrap_err();
    let written = to_struct(document).unwrap_err();
    let map: Map = document.as_object().unwrap().clone().into();
    let from_map = to_struct(&map).unwrap_err();
    for error in [&read, &lazily, &written, &from_map] {
        assert!(error.to_string().contains("nest deeper"), "{error}");
        assert!(error.path().starts_with('k'), "{error}");
    }
    assert!(read.position().is_some() && lazily.position().is_some());
}

#[test]
fn what_is_read_can_be_moved_as_deep_as_it_still_fits() {
    let map: Map = from_struct(&nested_objects(20)).unwrap();
    let wrapped = |times: usize| (0..times).fold(map.clone(), |inside, _| Map::from([("k", inside)]));
    assert_eq!(
        to_struct(&wrapped(OBJECTS - 20)).unwrap(),
        nested_objects(OBJECTS)
    );
    assert!(to_struct(&wrapped(OBJECTS - 19)).is_err());

    // Nor can it be moved deeper beside something that changed.
    let beside = |times: usize| {
        let mut map = map.clone();
        map.insert("n".into(), 1.into());
        let wrapped = (0..times).fold(map, |inside, _| Map::from([("k", inside)]));
        to_struct(&wrapped)
    };
    assert!(beside(OBJECTS - 20).is_ok());
    assert!(beside(OBJECTS - 19).is_err());

    // The bound of an entry is that of the map it came from, which may be deeper than the entry itself.
    let shallow = entry("shallow", object([]));
    let mut map: Map = from_struct(&[shallow, nested_objects(20)].concat()).unwrap();
    map.remove("k");
    let wrapped = (0..OBJECTS - 1).fold(map, |inside, _| Map::from([("k", inside)]));
    assert!(to_struct(&wrapped).is_ok());
    assert!(to_struct(&Map::from([("k", wrapped)])).is_err());
}

/// A type that recurses as deep as its input.
#[derive(Debug, Deserialize)]
struct Chain {
    k: Option<Box<Chain>>,
}

#[test]
fn a_million_levels_are_refused_at_once() {
    for document in &levels(1_000_000) {
        let start = Instant::now();
        assert!(
            from_struct::<Value>(document)
                .unwrap_err()
                .to_string()
                .contains("nest deeper")
        );
        assert!(
            from_struct::<Map>(document)
                .unwrap_err()
                .to_string()
                .contains("nest deeper")
        );
        assert!(from_struct::<Chain>(document).is_err());
        assert!(start.elapsed() < Duration::from_secs(1));
    }
    let groups = tag(9, 3).repeat(1_000_000);
    assert!(
        from_struct::<Map>(&groups)
            .unwrap_err()
            .to_string()
            .contains("groups nest deeper")
    );
    let chain: Chain = from_struct(&nested_objects(OBJECTS)).unwrap();
    let depth = std::iter::successors(Some(&chain), |chain| chain.k.as_deref()).count();
    assert_eq!(depth, OBJECTS + 1);
}

/// A document of so many objects, and one of so many lists.
pub(crate) fn levels(count: usize) -> [Vec<u8>; 2] {
    let key = bytes(1, "k");
    let objects = nested(count, &[(5, &[]), (2, &key), (1, &[])]);
    let lists = nested(count, &[(1, &[]), (6, &[])]);
    [objects, entry("k", lists)]
}

/// So many rounds of these messages, each with its number and what stands in front of the next one, with true lengths:
/// written from the end to the front, as each length is known only after its content.
fn nested(count: usize, messages: &[(u64, &[u8])]) -> Vec<u8> {
    let mut backwards = Vec::new();
    for _ in 0..count {
        for (number, front) in messages {
            let length = varint(backwards.len() as u64);
            let opening = [tag(*number, 2), length].concat();
            backwards.extend(opening.iter().rev());
            backwards.extend(front.iter().rev());
        }
    }
    backwards.reverse();
    backwards
}

#[test]
fn mixed_nesting_counts_objects_and_lists_as_protobuf_does() {
    // Each pair takes five levels; of the hundred, the root has one, as it stands in a message itself.
    let in_a_message = |document: Vec<u8>| prost_types::Value::decode(object(document).as_slice());
    let mixed =
        |pairs: usize| (0..pairs).fold(Vec::new(), |inside, _| entry("k", list(element(object(inside)))));
    assert!(in_a_message(mixed(19)).is_ok());
    assert!(from_struct::<Map>(&mixed(19)).is_ok());
    assert!(in_a_message(mixed(20)).is_err());
    assert!(from_struct::<Map>(&mixed(20)).is_err());
    assert!(from_struct::<Value>(&mixed(20)).is_err());
}
