//! Answers on the framed socket that their caller no longer waits for, and ends of one side of a connection.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use plugin_sdk_tests::{
    frames::{FrameClient, frame},
    http::exchange,
    messages::{Answer, fault},
    process::{ServerProcess, free_port},
};
use serde_json::json;

use crate::frames::{CONFIGURATION, server, server_with};

/// What is in front of a slow answer: the field 15, and its length.
const PADDING: [u8; 4] = [0x7a, 0x80, 0x80, 0x10];
const PADDED: usize = PADDING.len() + 256 * 1024;

fn waiting(milliseconds: u64) -> Vec<u8> {
    fault("wait", &json!({"milliseconds": milliseconds}))
}

#[test]
fn a_request_before_the_answer_to_the_one_before_ends_the_connection() {
    let port = free_port().unwrap();
    let server = ServerProcess::start_with(env!("CARGO_BIN_EXE_fault-plugin"), CONFIGURATION, |command| {
        command.env("PLUGINS_TRANSPORT", "unix,http");
        command.env("PLUGINS_SERVER_PORT", port.to_string());
    });
    let server = server.unwrap();
    let echo = fault("echo", &json!({}));
    let closed = |first: &[u8], pause: u64, what: &str| {
        let mut client = server.connect().unwrap();
        client.send_bytes(first).unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        // It may be closed already.
        let _ = client.send(&echo);
        let started = Instant::now();
        let received = client.receive();
        assert!(!matches!(received, Ok(Some(_))), "{what}: answered");
        assert!(started.elapsed() < Duration::from_secs(3), "{what}: not at once");
    };
    let two = [frame(&echo).unwrap(), frame(&echo).unwrap()].concat();
    closed(&two, 0, "both in one write");
    let and_a_half = [frame(&echo).unwrap(), vec![0]].concat();
    closed(&and_a_half, 0, "one and the first byte of another");
    closed(&frame(&waiting(5000)).unwrap(), 200, "while the hook runs");
    let big = frame(&fault("big", &json!({"size": 8 * 1024 * 1024}))).unwrap();
    closed(&big, 200, "while the answer is written");

    assert!(Answer::read(&server.connect().unwrap().call(&echo).unwrap()).is_allow());
    assert!(
        server
            .log()
            .contains("a client sent something before it had its answer"),
        "{}",
        server.log()
    );
    let headers = [("Host".to_owned(), format!("127.0.0.1:{port}"))];
    let metrics = exchange(("127.0.0.1", port), "GET /metrics/prometheus", &headers, "")
        .unwrap()
        .body;
    assert!(
        metrics.contains("plugin_abandoned_answers_total{reason=\"next_request\"} 4\n"),
        "{metrics}"
    );
}

/// Whether a fast answer has no padding, once the machine is not too busy to let the server run.
fn comes_without_padding(client: &mut FrameClient) -> bool {
    (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        client.call(&fault("echo", &json!({}))).unwrap().len() < 100
    })
}

/// A request that came while the server did not run may have waited for longer than its client does.
#[test]
fn an_answer_after_a_stall_of_the_server_begins_with_padding() {
    let server = server();
    let mut client = server.connect().unwrap();
    assert!(comes_without_padding(&mut client));
    let signal = |name: &str| {
        let process = server.id().to_string();
        let sent = std::process::Command::new("kill").args([name, &process]).status();
        assert!(sent.unwrap().success());
    };
    for stall in [150, 300, 900] {
        signal("-STOP");
        // A thread that runs meanwhile may still take what comes.
        std::thread::sleep(Duration::from_millis(50));
        client.send(&fault("echo", &json!({}))).unwrap();
        std::thread::sleep(Duration::from_millis(stall));
        signal("-CONT");
        let answer = client.receive().unwrap().unwrap();
        assert!(answer.starts_with(&PADDING), "after {stall} ms");
        assert!(Answer::read(&answer).is_allow());
        assert!(comes_without_padding(&mut client), "every answer has it");
    }
}

#[test]
fn a_slow_answer_begins_with_padding_unless_that_is_off() {
    let server = server();
    let mut client = server.connect().unwrap();
    assert!(comes_without_padding(&mut client), "a fast answer has it");
    for wait in [300, 0] {
        // After a slow answer the next one has it too: a client that gave up in the middle of the padding does not take it.
        let answer = client.call(&waiting(wait)).unwrap();
        assert!(
            answer.starts_with(&PADDING) && answer.len() > PADDED,
            "after {wait} ms"
        );
        assert!(Answer::read(&answer).is_allow());
    }
    assert!(comes_without_padding(&mut client), "every answer has it");

    let server = server_with(&[("PLUGINS_LATE_ANSWER_GUARD", "off")]);
    let answer = server.connect().unwrap().call(&waiting(300)).unwrap();
    assert!(answer.len() < 200, "{} bytes", answer.len());
}

/// The whole is no longer than a frame may be.
#[test]
fn padding_leaves_room_for_the_largest_answer() {
    let server = server_with(&[("PLUGINS_LATE_ANSWER_GUARD", "0.001")]);
    let mut client = server.connect().unwrap();
    for size in [1, 1 << 20, (16 << 20) - 100 * 1024, (16 << 20) - 1000] {
        let answer = client
            .call(&fault("big", &json!({"size": size, "milliseconds": 20})))
            .unwrap();
        assert!(answer.starts_with(&PADDING[..1]), "{size} bytes without padding");
        assert!(answer.len() <= 16 << 20, "{} bytes", answer.len());
        let Answer::Result(result) = Answer::read(&answer) else {
            panic!("an error")
        };
        assert_eq!(result["metadata"]["blob"].as_str().map(str::len), Some(size));
    }
}

/// As asyncio does: what has arrived is taken from the socket up to a bound, whether anybody waits for it or not.
#[test]
fn a_client_that_gave_up_finds_no_answer_to_another_call() {
    const BOUND: usize = 192 * 1024;

    for server in [server(), server_with(&[("PLUGINS_CALL_TIMEOUT", "0.3")])] {
        let mut stream = UnixStream::connect(server.socket()).unwrap();
        stream.write_all(&frame(&waiting(400)).unwrap()).unwrap();
        std::thread::sleep(Duration::from_millis(600));
        let mut taken = vec![0; BOUND];
        stream.set_nonblocking(true).unwrap();
        let mut length = 0;
        for _ in 0..50 {
            length += stream.read(&mut taken[length..]).unwrap_or(0);
            std::thread::sleep(Duration::from_millis(2));
        }
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // Where the deadline has gone by, the connection is closed already.
        let _ = stream.write_all(&frame(&fault("echo", &json!({}))).unwrap());
        taken.truncate(length);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        taken.extend(rest);
        let size = u32::from_be_bytes(taken[..4].try_into().unwrap()) as usize;
        assert!(
            taken.len() < 4 + size,
            "the whole answer of {size} bytes was written"
        );
    }
}

#[test]
fn a_client_that_ends_its_side_gets_its_answer_and_then_the_end() {
    let server = server();
    let cases = [
        ("at once", fault("echo", &json!({}))),
        ("later", waiting(400)),
        ("a big one", fault("big", &json!({"size": 8 * 1024 * 1024}))),
    ];
    for (what, request) in &cases {
        let mut client = server.connect().unwrap();
        client.send(request).unwrap();
        client.finish_sending().unwrap();
        let answer = client.receive().unwrap();
        assert!(
            answer.is_some_and(|answer| Answer::read(&answer).is_allow()),
            "{what}: no answer"
        );
        assert_eq!(client.receive().unwrap(), None, "{what}: no end");
    }
    // A length without a message is none to answer.
    let mut client: FrameClient = server.connect().unwrap();
    client.send_bytes(&[0, 0, 1]).unwrap();
    client.finish_sending().unwrap();
    assert_eq!(client.receive().unwrap(), None);
}

/// A client that closes the connection gives up its call.
#[test]
fn a_client_that_goes_away_cancels_its_call() {
    let server = server_with(&[("PLUGINS_MAX_CONNECTIONS", "1")]);
    let mut client = server.connect().unwrap();
    client.send(&waiting(8000)).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(client);
    std::thread::sleep(Duration::from_millis(500));
    // The place of the connection is free again.
    let mut next = server.connect().unwrap();
    assert!(Answer::read(&next.call(&fault("echo", &json!({}))).unwrap()).is_allow());
}
