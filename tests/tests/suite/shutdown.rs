//! Signals: drain, then stop; and at once when asked twice.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use plugin_sdk_tests::messages::{Answer, fault};
use serde_json::json;

use crate::frames::{server, server_with};

pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_running_call_is_answered_before_the_server_stops() {
    for name in ["TERM", "INT"] {
        let mut server = server();
        let mut idle = server.connect().unwrap();
        let mut client = server.connect().unwrap();
        client
            .send(&fault("wait", &json!({"milliseconds": 500})))
            .unwrap();
        std::thread::sleep(Duration::from_millis(200));
        signal(name, server.id());
        assert!(Answer::read(&client.receive().unwrap().unwrap()).is_allow());
        assert!(
            client.receive().unwrap().is_none(),
            "the connection stays open while the server stops"
        );
        assert!(idle.receive().unwrap().is_none());
        assert_eq!(server.wait().unwrap().code(), Some(0), "{}", server.log());
        assert!(!server.socket().exists(), "the socket file is still there");
        assert!(server.log().contains("shutdown was called"), "{}", server.log());
    }
}

#[test]
fn draining_has_a_deadline() {
    let mut server = server_with(&[("PLUGINS_DRAIN_TIMEOUT", "0.3")]);
    let mut client = server.connect().unwrap();
    client.send(&fault("wait-forever", &json!({}))).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "it took {:?}",
        started.elapsed()
    );
    assert!(server.log().contains("PLUGINS_DRAIN_TIMEOUT"), "{}", server.log());
}

#[test]
fn a_blocked_thread_does_not_keep_the_process() {
    let mut server = server_with(&[("PLUGINS_DRAIN_TIMEOUT", "0.3")]);
    let mut client = server.connect().unwrap();
    client
        .send(&fault("block", &json!({"milliseconds": 60_000})))
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn a_second_signal_stops_at_once() {
    let mut server = server_with(&[("PLUGINS_DRAIN_TIMEOUT", "60")]);
    let mut client = server.connect().unwrap();
    client.send(&fault("wait-forever", &json!({}))).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    signal("TERM", server.id());
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(143));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn no_connection_is_accepted_while_draining() {
    let mut server = server();
    let mut client = server.connect().unwrap();
    client
        .send(&fault("wait", &json!({"milliseconds": 1000})))
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    signal("TERM", server.id());
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.connect().is_err());
    assert!(Answer::read(&client.receive().unwrap().unwrap()).is_allow());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
