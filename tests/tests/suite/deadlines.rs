//! Calls that take too long: each caller is answered at the deadline, and nobody is answered for another.

use std::time::{Duration, Instant};

use plugin_sdk_tests::messages::{Answer, fault, invoke};
use serde_json::json;

use crate::frames::{server, server_with};

#[test]
fn a_call_is_answered_at_its_deadline() {
    let server = server_with(&[("PLUGINS_CALL_TIMEOUT", "0.2")]);
    for name in ["wait-forever", "wait"] {
        let mut client = server.connect().unwrap();
        let started = Instant::now();
        let answer = Answer::read(&client.call(&fault(name, &json!({"milliseconds": 5000}))).unwrap());
        let Answer::Error { message, code } = answer else {
            panic!("a result")
        };
        assert_eq!(
            (message.as_str(), code.as_str()),
            ("Plugin Faults exceeded 0.2s timeout", "PLUGIN_TIMEOUT")
        );
        let elapsed = started.elapsed();
        // Its caller may have given up just before, and would take this answer for that to its next call.
        assert!(
            client.receive().unwrap().is_none(),
            "the connection goes on after a call that took all its time"
        );
        assert!(
            (200..2000).contains(&elapsed.as_millis()),
            "answered after {elapsed:?}"
        );
    }
}

#[test]
fn a_declared_blocking_hook_meets_its_deadline_and_stops_nobody() {
    let server = server_with(&[("PLUGINS_CALL_TIMEOUT", "0.3")]);
    let block = invoke(
        "tool_post_invoke",
        "Faults",
        &json!({"name": "t", "result": {"milliseconds": 4000}}),
    );
    let mut blocked: Vec<_> = (0..16).map(|_| server.connect().unwrap()).collect();
    let started = Instant::now();
    for client in &mut blocked {
        client.send(&block).unwrap();
    }
    let mut bystander = server.connect().unwrap();
    assert!(Answer::read(&bystander.call(&fault("echo", &json!({}))).unwrap()).is_allow());
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "a bystander waited {:?}",
        started.elapsed()
    );
    for client in &mut blocked {
        // On a machine that is too busy to answer in time the connection is closed instead.
        if let Some(response) = client.receive().unwrap() {
            assert_eq!(Answer::read(&response).code(), "PLUGIN_TIMEOUT");
        }
    }
    assert!(
        started.elapsed() < Duration::from_millis(3500),
        "the deadline came after {:?}",
        started.elapsed()
    );
}

#[test]
fn an_undeclared_blocking_hook_is_named_in_the_log_and_stops_nobody() {
    let server = server();
    let mut blocked: Vec<_> = (0..16).map(|_| server.connect().unwrap()).collect();
    for client in &mut blocked {
        client
            .send(&fault("block", &json!({"milliseconds": 3000})))
            .unwrap();
    }
    std::thread::sleep(Duration::from_millis(100));
    for _ in 0..20 {
        let started = Instant::now();
        let mut bystander = server.connect().unwrap();
        assert!(Answer::read(&bystander.call(&fault("echo", &json!({}))).unwrap()).is_allow());
        assert!(
            started.elapsed() < Duration::from_millis(1500),
            "a bystander waited {:?}",
            started.elapsed()
        );
    }
    for client in &mut blocked {
        assert!(Answer::read(&client.receive().unwrap().unwrap()).is_allow());
    }
    let log = server.log();
    assert!(
        log.contains("tool_pre_invoke of Faults blocks its thread")
            && log.contains("blocking = [tool_pre_invoke]"),
        "{log}"
    );
}

/// Its caller has given up by then, and would take the answer for that to its next call.
#[test]
fn an_answer_after_the_deadline_is_never_sent() {
    let server = server_with(&[("PLUGINS_CALL_TIMEOUT", "0.2")]);
    let mut client = server.connect().unwrap();
    client
        .send(&fault("block", &json!({"milliseconds": 1000})))
        .unwrap();
    assert!(
        client.receive().unwrap().is_none(),
        "the connection was not closed"
    );
    assert!(server.log().contains("after its deadline"), "{}", server.log());
    assert!(
        Answer::read(
            &server
                .connect()
                .unwrap()
                .call(&fault("echo", &json!({})))
                .unwrap()
        )
        .is_allow()
    );
}

#[test]
fn an_idle_connection_is_closed_and_so_is_one_that_does_not_read() {
    let server = server_with(&[("PLUGINS_IDLE_TIMEOUT", "0.3")]);
    let mut idle = server.connect().unwrap();
    assert!(idle.receive().unwrap().is_none());

    let mut half = server.connect().unwrap();
    half.send_bytes(&[0, 0, 1]).unwrap();
    assert!(half.receive().unwrap().is_none());

    let server = server_with(&[("PLUGINS_WRITE_TIMEOUT", "0.3")]);
    let mut deaf = server.connect().unwrap();
    deaf.send(&fault("big", &json!({"size": 8 * 1024 * 1024})))
        .unwrap();
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        deaf.receive().is_err(),
        "the answer went on although nobody read it"
    );
    assert!(server.log().contains("PLUGINS_WRITE_TIMEOUT"), "{}", server.log());
}
