//! Documents that are meant to keep a server busy: none takes more time than its size allows.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use plugin_sdk::codec::{from_struct, to_struct};
use plugin_sdk::{Map, Value};
use serde::Deserialize;

use super::wire::{boolean, bytes, element, entry, list, number, object, text};

/// The largest message that a server takes.
const LARGEST: usize = 16 * 1024 * 1024;

/// Large enough for anything quadratic to take minutes.
const SIZE: usize = LARGEST / 8;

/// Far above what even the largest message takes in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn measure<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let taken = start.elapsed();
    println!("{what}: {taken:?}");
    assert!(taken < PATIENCE, "{what} took {taken:?}");
    result
}

/// Reads, goes through and writes a document in every way.
fn go_through(what: &str, document: &[u8]) -> Map {
    measure(&format!("{what}: any JSON"), || {
        from_struct::<serde_json::Value>(document).map(drop).unwrap();
    });
    let mut map: Map = measure(&format!("{what}: a map"), || from_struct(document).unwrap());
    let written = measure(&format!("{what}: untouched again"), || to_struct(&map).unwrap());
    assert!(written == document);
    measure(&format!("{what}: each value"), || {
        map.values().filter(|value| value.is_null()).count()
    });
    measure(&format!("{what}: changed again"), || {
        map.insert("one more".into(), 1.into());
        to_struct(&map).map(drop).unwrap();
    });
    map
}

fn repeated(one: &[u8]) -> Vec<u8> {
    one.repeat(SIZE / one.len())
}

#[test]
fn the_largest_message() {
    let empty_entries = bytes(1, []).repeat(LARGEST / 2);
    let map: Map = measure("8,388,608 entries", || from_struct(&empty_entries).unwrap());
    assert_eq!(map.len(), 1);
    let list = entry("k", list(element([]).repeat(LARGEST / 2)));
    let map: Map = measure("8,388,608 elements", || from_struct(&list).unwrap());
    assert_eq!(map.len(), 1);
}

fn many_keys(count: u32) -> Vec<u8> {
    (0..count)
        .flat_map(|index| entry(&format!("{index:x}"), boolean(true)))
        .collect()
}

#[test]
fn a_million_keys() {
    go_through("a quarter of a million keys", &many_keys(250_000));
    let document = many_keys(1_000_000);
    let mut map: Map = measure("a million keys", || from_struct(&document).unwrap());
    measure("every key looked up", || {
        for index in 0..1_000_000_u32 {
            assert_eq!(map[format!("{index:x}").as_str()], true);
        }
    });
    measure("most keys removed at once", || {
        map.retain(|key, _| key.ends_with('7'));
    });
    assert_eq!(map.len(), 62_500);
    measure("a thousand keys removed one by one", || {
        for index in 1..=1_000_u32 {
            assert!(map.remove(&format!("{index:x}7")).is_some());
        }
    });
    assert_eq!(map.len(), 61_500);
}

#[derive(Deserialize)]
struct Known {
    k: Value,
}

#[test]
fn millions_of_one_key() {
    let map = go_through("one key again and again", &repeated(&entry("k", number(1.0))));
    assert_eq!(map.len(), 2);
    let map = go_through("empty entries", &repeated(&bytes(1, [])));
    assert_eq!(map.len(), 2);
    let two = [entry("k", text("x")), entry("l", text("y"))].concat();
    assert_eq!(go_through("two keys in turn", &repeated(&two)).len(), 3);

    let document = repeated(&entry("k", boolean(true)));
    let known: Known = measure("one key of a struct", || from_struct(&document).unwrap());
    assert_eq!(known.k, true);
    let texts: Map<String> = measure("one key of strings", || from_struct(&repeated(&two)).unwrap());
    assert_eq!(texts["l"], "y");
}

#[test]
fn a_struct_refuses_a_duplicate_key_only_once_in_every_depth() {
    #[derive(Deserialize)]
    struct Inner {
        k: u8,
    }
    // The second reading does not start over at each object with a key that comes twice.
    let twice = [entry("k", number(1.0)), entry("k", number(2.0))].concat();
    let document = entry("list", list(repeated(&element(object(twice)))));
    let read: HashMap<String, Vec<Inner>> =
        measure("duplicates in each object", || from_struct(&document).unwrap());
    assert!(read["list"].iter().all(|inner| inner.k == 2));
}

#[test]
fn messages_in_millions_of_pieces() {
    let value_pieces = |piece: &[u8]| bytes(1, [bytes(1, "k"), repeated(&bytes(2, piece))].concat());
    go_through("empty pieces of a value", &value_pieces(&[]));
    go_through("pieces of a value", &value_pieces(&boolean(false)));
    go_through(
        "structs in pieces of a value",
        &value_pieces(&object(entry("l", boolean(true)))),
    );
    go_through("empty structs in one value", &entry("k", repeated(&object([]))));
    go_through("lists in one value", &entry("k", repeated(&list(element([])))));
    go_through(
        "members in turn",
        &entry("k", repeated(&[object([]), list([])].concat())),
    );
}

#[test]
fn pieces_in_pieces() {
    // Each level holds the next one in two halves, so that every level is merged.
    let mut inside = repeated(&entry("leaf", boolean(true)));
    inside.truncate(SIZE / 8 / 12 * 12);
    let mut content = entry_of(&inside);
    for _ in 0..30 {
        let halves = [bytes(2, object(&content)), bytes(2, object(entry("l", [])))].concat();
        content = bytes(1, [bytes(1, "k"), halves].concat());
    }
    let map = go_through("merged in thirty levels", &content);
    let mut value = &map["k"];
    measure("down thirty levels", || {
        for _ in 0..29 {
            value = &value["k"];
        }
        assert!(value.get("k").is_some());
    });
}

fn entry_of(content: &[u8]) -> Vec<u8> {
    entry("k", object(content))
}

#[test]
fn long_lists_and_wide_objects() {
    go_through("a list of nothing", &entry("k", list(repeated(&element([])))));
    go_through("a list of lists", &entry("k", list(repeated(&element(list([]))))));
    go_through(
        "a list of objects",
        &entry("k", list(repeated(&element(object(entry("", [])))))),
    );
    go_through("one long string", &entry("k", text(vec![b'x'; LARGEST])));
    let document = entry(&"k".repeat(LARGEST), number(1.0));
    let map = go_through("one long key", &document);
    assert_eq!(map.len(), 2);
}

#[test]
fn a_long_key_in_an_error() {
    let document = entry(&"k".repeat(LARGEST), number(f64::NAN));
    let error = measure("an error", || {
        from_struct::<BTreeMap<String, bool>>(&document).unwrap_err()
    });
    assert!(error.to_string().len() < 2_000);
}
