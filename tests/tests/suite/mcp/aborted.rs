//! A call that has not ended in the time that there is when the server stops.

use std::{thread, time::Duration};

use plugin_sdk_tests::http;
use serde_json::{Value, json};

use super::settings::{ENDPOINT, call, headers, server};
use crate::{command_line::tcp_address, shutdown::signal};

#[test]
fn the_client_is_told_why_its_call_did_not_end() {
    let server = server("{port: 0}", &[], &[("PLUGINS_DRAIN_TIMEOUT", "0.3")]);
    let address = tcp_address(&server);
    let body = call("Faults", "wait", &json!({"milliseconds": 60_000}));
    let client = thread::spawn(move || http::exchange(&*address, ENDPOINT, &headers(&address), &body));
    thread::sleep(Duration::from_secs(1));
    signal("TERM", server.id());
    let answer = client.join().unwrap().unwrap();
    assert_eq!(answer.status, 500, "{answer:?}");
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["id"], 1, "{answer}");
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("did not finish in time (PLUGINS_DRAIN_TIMEOUT)"),
        "{message}"
    );
}
