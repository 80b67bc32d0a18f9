//! Bytes that are no document: an error with a position, never a panic, and the same verdict as prost's.

use plugin_sdk::Map;
use plugin_sdk::codec::{from_struct, to_struct};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use prost::Message as _;
use prost_types::Struct;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::{bytes, entry, null, number, overlong, tag, varint};
use super::{assert_same, documents, judged};

fn refusal<T: DeserializeOwned + std::fmt::Debug>(document: &[u8]) -> (Option<usize>, String) {
    let error = from_struct::<T>(document).unwrap_err();
    (error.position(), error.to_string())
}

#[test]
fn a_truncated_document_is_refused_at_every_byte() {
    let value = json!({"text": "é漢🦀", "list": [1, -0.5, null, true, {"a": {}}], "long": "x".repeat(200)});
    let last = entry("z", super::wire::text("end"));
    let document = [to_struct(&value).unwrap(), entry("n", number(1.0)), last].concat();
    let boundaries: Vec<usize> = top_level_ends(&document);
    for length in 0..document.len() {
        let truncated = &document[..length];
        let judge = Struct::decode(truncated);
        if boundaries.contains(&length) {
            assert!(judge.is_ok() && from_struct::<Value>(truncated).is_ok());
            continue;
        }
        assert!(judge.is_err());
        for (position, message) in [refusal::<Value>(truncated), refusal::<Map>(truncated)] {
            assert_eq!(position, Some(length), "{message}");
            assert!(message.contains("truncated"), "{message}");
        }
    }
}

fn top_level_ends(document: &[u8]) -> Vec<usize> {
    let mut ends = vec![0];
    let mut fields = Struct::decode(document)
        .map(|judge| judge.fields.len())
        .unwrap_or_default();
    let mut position = 0;
    while fields > 0 {
        // A tag of one byte and a length.
        let digits = document[position + 1..]
            .iter()
            .take_while(|byte| **byte >= 0x80)
            .count()
            + 1;
        let length = document[position + 1..][..digits]
            .iter()
            .rev()
            .fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
        position += 1 + digits + length;
        ends.push(position);
        fields -= 1;
    }
    ends
}

#[test]
fn a_truncated_value_inside_is_refused_where_it_ends() {
    // The lengths outside are right; the varint of the value inside goes on past its end.
    let document = [entry("a", [tag(4, 0), vec![0x80]].concat()), entry("b", null())].concat();
    for (position, message) in [refusal::<Value>(&document), refusal::<Map>(&document)] {
        assert_eq!(position, Some(9), "{message}");
    }
}

#[test]
fn what_no_message_has_is_refused() {
    let endless = [tag(4, 0), vec![0xff; 10], vec![1]].concat();
    let cases = [
        (entry("k", endless), "a varint is longer than ten bytes"),
        (vec![0x0e], "6 is not a wire type"),
        (vec![0x0f], "7 is not a wire type"),
        (vec![0x02, 0x00], "0 is not a field number"),
        (
            [varint(1 << 32 | 8), varint(0)].concat(),
            "536870913 is not a field number",
        ),
        (tag(1, 4), "a group ends that did not begin"),
        ([tag(9, 3), tag(8, 4)].concat(), "a group ends that did not begin"),
        (tag(9, 3), "a group does not end"),
        ([tag(1, 2), varint(u64::MAX)].concat(), "truncated"),
        ([tag(1, 2), varint(u64::MAX >> 1)].concat(), "truncated"),
        ([tag(1, 2), overlong(5)].concat(), "truncated"),
    ];
    for (document, expected) in cases {
        assert!(Struct::decode(document.as_slice()).is_err(), "{expected}");
        for (position, message) in [refusal::<Value>(&document), refusal::<Map>(&document)] {
            assert!(
                position.is_some() && message.contains(expected),
                "{message}, not {expected}"
            );
        }
    }
}

/// Reads bytes with both, and compares the verdicts.
fn compare(document: &[u8]) {
    let read = from_struct::<Value>(document);
    let lazily = from_struct::<Map>(document);
    assert_eq!(read.as_ref().err(), lazily.as_ref().err());
    if let (Ok(read), Ok(map)) = (&read, lazily) {
        assert_eq!(to_struct(&map).unwrap(), document);
        let values: serde_json::Map<_, _> = map.into();
        assert_same(&Value::Object(values), read);
    }
    if is_unusual(document, Message::Struct) {
        return;
    }
    let judge = Struct::decode(document);
    match (read, judge) {
        (Ok(read), Ok(judge)) => assert_same(&read, &judged(judge)),
        (Err(ours), Err(_)) => assert!(ours.position().is_some()),
        // JSON has no such numbers, so that we refuse what protobuf does not.
        (Err(ours), Ok(_)) if ours.to_string().contains("is not finite") => {}
        (read, judge) => assert_eq!(
            read.is_ok(),
            judge.is_ok(),
            "{document:02x?}: {read:?}, but {judge:?}"
        ),
    }
}

#[derive(Clone, Copy)]
enum Message {
    Struct,
    Entry,
    Value,
    List,
}

/// Whether a document has something that protobuf's own libraries read and prost does not, or not in the same way: a known
/// field with another wire type, a varint with more than 64 bits, a member of a `oneof` that another one replaces (which
/// we don't look into), a group.
fn is_unusual(mut rest: &[u8], message: Message) -> bool {
    let mut member = None;
    while !rest.is_empty() {
        let Some(tag) = take_varint(&mut rest) else {
            return rest.len() >= 10;
        };
        let inside = match (message, tag >> 3) {
            (Message::Struct, 1) => Some(Message::Entry),
            (Message::Entry, 2) | (Message::List, 1) => Some(Message::Value),
            (Message::Value, 5) => Some(Message::Struct),
            (Message::Value, 6) => Some(Message::List),
            _ => None,
        };
        let known = match (message, tag >> 3) {
            (Message::Struct | Message::List, 1) | (Message::Entry, 1 | 2) | (Message::Value, 3 | 5 | 6) => {
                Some(2)
            }
            (Message::Value, 1 | 4) => Some(0),
            (Message::Value, 2) => Some(1),
            _ => None,
        };
        if known.is_some_and(|wire_type| wire_type != tag & 7) || matches!(tag & 7, 3 | 4) {
            return true;
        }
        if matches!(message, Message::Value)
            && known.is_some()
            && member.replace(tag).is_some_and(|one| one != tag)
        {
            return true;
        }
        let length = match tag & 7 {
            0 => take_varint(&mut rest).map(|_| 0),
            1 => Some(8),
            2 => take_varint(&mut rest),
            _ => Some(4),
        };
        let Some((content, after)) = length
            .and_then(|length| usize::try_from(length).ok())
            .and_then(|length| rest.split_at_checked(length))
        else {
            return rest.len() >= 10;
        };
        if inside.is_some_and(|inside| is_unusual(content, inside)) {
            return true;
        }
        rest = after;
    }
    false
}

/// A varint of up to nine bytes: one of ten may have more than 64 bits.
fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let length = rest.iter().take(9).position(|byte| *byte < 0x80)? + 1;
    let (varint, after) = rest.split_at(length);
    *rest = after;
    Some(
        varint
            .iter()
            .rev()
            .fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)),
    )
}

/// Bytes that are often the start of something.
fn plausible_byte() -> impl Strategy<Value = u8> {
    let tags = select(vec![
        0x0a, 0x0a, 0x12, 0x12, 0x08, 0x11, 0x1a, 0x20, 0x2a, 0x32, 0x0b, 0x0c, 0x15,
    ]);
    prop_oneof![4 => tags, 4 => 0..12_u8, 1 => any::<u8>()]
}

fn changes() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    vec((any::<Index>(), 0..3_u8, plausible_byte()), 1..4)
}

fn changed(mut document: Vec<u8>, changes: Vec<(Index, u8, u8)>) -> Vec<u8> {
    for (index, change, byte) in changes {
        let place = index.index(document.len() + 1);
        match change {
            0 => document.insert(place, byte),
            _ if place == document.len() => {}
            1 => document[place] = byte,
            _ => drop(document.remove(place)),
        }
    }
    document
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 50_000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_at_all(document in vec(any::<u8>(), 0..40)) {
        compare(&document);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_look_like_fields(document in vec(plausible_byte(), 0..24)) {
        compare(&document);
        compare(&entry("k", &document));
        compare(&bytes(1, &document));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn documents_with_a_mistake(document in documents::object(), changes in changes()) {
        compare(&changed(to_struct(&document).unwrap(), changes));
    }
}
