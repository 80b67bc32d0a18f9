//! The codec against Python's `google.protobuf.json_format`, on thousands of random documents in both directions.

#![expect(
    clippy::unwrap_used,
    reason = "what the helpers of a test can't do is a failed test"
)]

use std::fs;
use std::path::Path;

use plugin_sdk::codec::{from_struct, to_struct};
use plugin_sdk::{Map, Value};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use crate::codec::depth::{LISTS, OBJECTS};
use crate::codec::wire::{element, entry, list, nested_lists, nested_objects, number, object, text};
use crate::codec::{assert_same, documents, through_doubles};
use crate::{installation::Failed, real_host::CURRENT};

const RANDOM_DOCUMENTS: usize = 6_000;

#[test]
fn documents_mean_the_same_to_python() -> Result<(), Failed> {
    let mut documents = random_documents();
    documents.extend(special_documents());
    let mut exchange = Exchange::default();
    for document in &documents {
        exchange.equal(document, &to_struct(document).unwrap());
    }
    for refused in refused_documents() {
        assert!(from_struct::<serde_json::Value>(&refused).is_err());
        assert!(from_struct::<Map>(&refused).is_err());
        exchange.refused(&refused);
    }
    let Some(answers) = exchange.run()? else {
        return Ok(());
    };
    assert_eq!(answers.len(), documents.len());

    let mut exchange = Exchange::default();
    for (document, answer) in documents.iter().zip(&answers) {
        // Numbers are doubles now, and whole ones integers again.
        let expected = through_doubles(document);
        let read: serde_json::Value = from_struct(answer).unwrap();
        assert_same(&read, &expected);

        let mut map: Map = from_struct(answer).unwrap();
        assert_eq!(to_struct(&map).unwrap(), *answer);
        let values: serde_json::Map<_, _> = map.clone().into();
        assert_same(&serde_json::Value::Object(values), &expected);
        // Read, but not changed.
        assert_eq!(to_struct(&map).unwrap(), *answer);

        let expected = changed(&mut map, expected);
        exchange.equal(&expected, &to_struct(&map).unwrap());
    }
    exchange.run().map(drop)
}

/// Changes a map in part, and the document that it stands for in the same way.
fn changed(map: &mut Map, mut document: serde_json::Value) -> serde_json::Value {
    let keys: Vec<String> = map.keys().map(str::to_owned).collect();
    for (index, key) in keys.iter().enumerate() {
        match index % 4 {
            0 => {
                map.remove(key);
                document.as_object_mut().unwrap().remove(key);
            }
            1 => {
                if let Some(Value::Object(inner)) = map.get_mut(key) {
                    inner.insert("added".into(), "é".into());
                    document[key]["added"] = "é".into();
                }
            }
            2 => {
                if let Some(Value::Array(values)) = map.get_mut(key) {
                    values.push(0.25.into());
                    document[key].as_array_mut().unwrap().push(0.25.into());
                }
            }
            _ => {}
        }
    }
    map.insert("added".into(), Value::from(vec![1, 2]));
    document["added"] = json!([1, 2]);
    document
}

/// The same ones in every run.
fn random_documents() -> Vec<serde_json::Value> {
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let document = documents::object();
    (0..RANDOM_DOCUMENTS)
        .map(|_| document.new_tree(&mut runner).unwrap().current())
        .collect()
}

fn special_documents() -> Vec<serde_json::Value> {
    let mut documents = vec![
        json!({}),
        json!({"": ""}),
        json!({"": {"": {"": []}}}),
        json!({"null": null, "list": [null, [], {}, [[]]], "nul": "\0", "\0": "\0\0", "text": "é漢🦀\u{7f}\u{ffff}\u{10ffff}"}),
        json!({"limits": [f64::MIN, f64::MAX, f64::MIN_POSITIVE, 5e-324, -5e-324, -0.0, 0.0, f64::EPSILON]}),
        json!({"border": [(1_i64 << 53) - 1, 1_i64 << 53, (1_i64 << 53) + 2, -(1_i64 << 53), -(1_i64 << 53) - 2]}),
        json!({"large": [1_u64 << 63, i64::MIN, u64::MAX - 2047, 1e22, 1e300, 123_456_789_012_345_680_000.0]}),
        serde_json::Value::Object(
            (0..5_000)
                .map(|key| (format!("key {key}"), json!([key])))
                .collect(),
        ),
    ];
    for length in [126, 127, 128, 129, 16_382, 16_383, 16_384, 16_385, 70_000] {
        documents.push(json!({ "x".repeat(length): "y".repeat(length) }));
        documents.push(json!({"list": ["é".repeat(length / 2), {"🦀".repeat(length / 4): null}]}));
    }
    for depth in 1..=OBJECTS {
        documents.push((0..depth).fold(json!({}), |inside, _| json!({"k": inside, "n": depth})));
    }
    for depth in 1..LISTS {
        documents.push(json!({"k": (0..depth).fold(json!([]), |inside, _| json!([inside]))}));
    }
    documents
}

/// Bytes that both sides refuse, each for the same reason.
fn refused_documents() -> Vec<Vec<u8>> {
    let mut refused = vec![
        nested_objects(OBJECTS + 1),
        nested_objects(OBJECTS + 10),
        nested_lists(LISTS + 1),
        entry("k", text(b"\xff")),
        entry("k", text(b"\xed\xa0\x80")),
        vec![0x0a],
        vec![0x0a, 0x05, 0x0a],
        vec![0x0f],
    ];
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refused.push(entry("k", number(value)));
        refused.push(entry("k", object(entry("k", list(element(number(value)))))));
    }
    refused
}

/// What goes to Python in one file.
#[derive(Default)]
struct Exchange(Vec<u8>);

impl Exchange {
    fn equal(&mut self, document: &serde_json::Value, wire: &[u8]) {
        self.put(document.to_string().as_bytes());
        self.put(wire);
    }

    fn refused(&mut self, wire: &[u8]) {
        self.put(b"");
        self.put(wire);
    }

    fn put(&mut self, chunk: &[u8]) {
        self.0.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
        self.0.extend(chunk);
    }

    /// What Python wrote for each document that it took; `None` when it was left out.
    fn run(self) -> Result<Option<Vec<Vec<u8>>>, Failed> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("documents"), self.0).unwrap();
        let ran = CURRENT.run("codec.py", |command| {
            command.arg(directory.path());
        })?;
        Ok(ran.then(|| answers(directory.path())))
    }
}

fn answers(directory: &Path) -> Vec<Vec<u8>> {
    let answers = fs::read(directory.join("answers")).unwrap();
    let mut rest = answers.as_slice();
    let mut chunks = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (chunk, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        chunks.push(chunk.to_vec());
        rest = after;
    }
    chunks
}
