//! Calls that take too long: each caller is answered at the deadline, and nobody is answered for another.

use std::time::{Duration, Instant};

use plugin_sdk_tests::{
    frames::frame,
    messages::{Answer, fault, invoke},
};
use serde_json::json;

use crate::frames::{resident_kib, server, server_with};

#[test]
fn a_call_is_answered_at_its_deadline() {
    let server = server_with(&[("PLUGINS_CALL_TIMEOUT", "1")]);
    for name in ["wait-forever", "wait"] {
        let mut client = server.connect().unwrap();
        let started = Instant::now();
        let answer = Answer::read(&client.call(&fault(name, &json!({"milliseconds": 5000}))).unwrap());
        let Answer::Error { message, code } = answer else {
            panic!("a result")
        };
        assert_eq!(
            (message.as_str(), code.as_str()),
            ("Plugin Faults exceeded 1s timeout", "PLUGIN_TIMEOUT")
        );
        let elapsed = started.elapsed();
        // Its caller may have given up just before, and would take this answer for that to its next call.
        assert!(
            client.receive().unwrap().is_none(),
            "the connection goes on after a call that took all its time"
        );
        assert!(
            (1000..3000).contains(&elapsed.as_millis()),
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
            .send(&fault("block", &json!({"milliseconds": 6000})))
            .unwrap();
    }
    std::thread::sleep(Duration::from_millis(100));
    for _ in 0..20 {
        let started = Instant::now();
        let mut bystander = server.connect().unwrap();
        assert!(Answer::read(&bystander.call(&fault("echo", &json!({}))).unwrap()).is_allow());
        assert!(
            started.elapsed() < Duration::from_secs(4),
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

/// A hook that blocks its thread beyond its deadline has no answer any more: its caller was answered in time.
#[test]
fn a_caller_whose_hook_blocks_is_answered_once() {
    let server = server_with(&[("PLUGINS_CALL_TIMEOUT", "0.5")]);
    let mut client = server.connect().unwrap();
    let started = Instant::now();
    let answer = client.call(&fault("block", &json!({"milliseconds": 2000})));
    assert_eq!(Answer::read(&answer.unwrap()).code(), "PLUGIN_TIMEOUT");
    assert!(started.elapsed() < Duration::from_millis(1900));
    assert!(
        client.receive().unwrap().is_none(),
        "the connection was not closed"
    );
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

/// A call that waits for a thread when its time is over is not begun any more, and keeps nothing.
#[test]
fn a_blocking_call_that_never_got_a_thread_is_forgotten() {
    let server = server_with(&[("PLUGINS_CALL_TIMEOUT", "0.5"), ("PLUGINS_BLOCKING_THREADS", "1")]);
    let payload = json!({"name": "t", "result": {"milliseconds": 6000, "blob": "x".repeat(4_000_000)}});
    let block = invoke("tool_post_invoke", "Faults", &payload);
    let round = || {
        let mut waiting: Vec<_> = (0..8).map(|_| server.connect().unwrap()).collect();
        for client in &mut waiting {
            client.send(&block).unwrap();
        }
        let mut answers = 0;
        for client in &mut waiting {
            // On a machine that is too busy to answer in time the connection is closed instead.
            if let Ok(Some(response)) = client.receive() {
                assert_eq!(Answer::read(&response).code(), "PLUGIN_TIMEOUT");
                answers += 1;
            }
        }
        assert!(answers > 0, "{}", server.log());
        resident_kib(server.id())
    };
    // What eight calls at a time take of memory serves those that come after, unless it is kept.
    let before = round().max(round());
    let [.., after] = [(); 4].map(|()| round());
    let grown = after.saturating_sub(before);
    assert!(grown < 60 * 1024, "32 calls of 4 MB left {grown} KiB behind");
}

/// The requests that it sent in the meantime may be ones that its client has given up on.
#[test]
fn a_connection_does_not_outlive_a_pause_of_the_process() {
    let server = server();
    let mut client = server.connect().unwrap();
    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
    let signal = |name: &str| {
        let process = server.id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args([name, &process])
                .status()
                .unwrap()
                .success()
        );
    };
    signal("-STOP");
    let stopped = || {
        std::fs::read_to_string(format!("/proc/{}/stat", server.id()))
            .unwrap()
            .contains(") T ")
    };
    while !stopped() {
        std::thread::sleep(Duration::from_millis(1));
    }
    client.send(&fault("echo", &json!({"n": 1}))).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    client.send(&fault("echo", &json!({"n": 2}))).unwrap();
    signal("-CONT");
    // Closed with or without having read all of it.
    assert!(
        client.receive().unwrap_or(None).is_none(),
        "a request that nobody waits for was answered"
    );
    std::thread::sleep(Duration::from_millis(500));
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

/// If it waited to be accepted, its client would give up on a request that the server has not seen.
#[test]
fn a_connection_over_the_limit_is_closed_at_once() {
    let server = server_with(&[("PLUGINS_MAX_CONNECTIONS", "1")]);
    let mut first = server.connect().unwrap();
    assert!(Answer::read(&first.call(&fault("echo", &json!({}))).unwrap()).is_allow());
    let mut second = server.connect().unwrap();
    assert!(second.receive().unwrap_or(None).is_none());
    assert!(Answer::read(&first.call(&fault("echo", &json!({}))).unwrap()).is_allow());
}

#[test]
fn single_bytes_do_not_keep_a_connection() {
    let server = server_with(&[("PLUGINS_IDLE_TIMEOUT", "1")]);
    let mut client = server.connect().unwrap();
    let request = frame(&fault("echo", &json!({}))).unwrap();
    let started = Instant::now();
    let sent = request.iter().take_while(|byte| {
        std::thread::sleep(Duration::from_millis(200));
        client.send_bytes(&[**byte]).is_ok()
    });
    assert!(sent.count() < request.len());
    assert!(started.elapsed() < Duration::from_secs(10));
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
