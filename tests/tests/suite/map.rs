//! What the SDK's maps and values do while they hold wire bytes, and after.

#![expect(
    clippy::unwrap_used,
    reason = "what the helpers of a test can't do is a failed test"
)]

mod changes;
mod formats;
mod reading;

use plugin_sdk::Map;
use plugin_sdk::codec::{from_struct, to_struct};
use serde_json::{Value, json};

/// A map that holds the wire bytes of a document, and the bytes.
fn lazily(document: &Value) -> (Map, Vec<u8>) {
    let bytes = to_struct(document).unwrap();
    (from_struct(&bytes).unwrap(), bytes)
}

fn sample() -> Value {
    json!({
        "name": "search", "count": 3, "nothing": null, "flag": true, "half": 0.5,
        "object": {"inner": {"text": "é"}, "list": []}, "list": [1, {"a": "b"}, [null]], "": {},
    })
}

/// The map as JSON, its keys in order.
fn json_of(map: &Map) -> Value {
    serde_json::to_value(map).unwrap()
}

/// The document of a map, after it went over the wire.
fn sent(map: &Map) -> Value {
    from_struct(&to_struct(map).unwrap()).unwrap()
}

/// A document of so many entries, enough of them to be found by hash.
fn numbered(count: usize) -> Value {
    Value::Object(
        (0..count)
            .map(|index| (format!("key {index}"), index.into()))
            .collect(),
    )
}
