//! The framed socket: pieces, garbage, and the limits of size.

use std::{io::Write, os::unix::net::UnixStream, time::Duration};

use plugin_sdk_tests::{
    frames::frame,
    messages::{Answer, fault, invoke},
    process::ServerProcess,
};
use serde_json::json;

const SERVER: &str = env!("CARGO_BIN_EXE_fault-plugin");

/// The plugin under its own name: no file is needed, but the harness brings one.
pub(crate) const CONFIGURATION: &str = "plugins: [{name: Faults, kind: faults}]";

pub(crate) fn server() -> ServerProcess {
    ServerProcess::start(SERVER, CONFIGURATION).unwrap()
}

pub(crate) fn server_with(settings: &[(&str, &str)]) -> ServerProcess {
    ServerProcess::start_with(SERVER, CONFIGURATION, |command| {
        command.envs(settings.iter().copied());
    })
    .unwrap()
}

#[test]
fn a_request_in_single_bytes_is_answered() {
    let server = server();
    let mut client = server.connect().unwrap();
    for byte in frame(&fault("echo", &json!({"n": 1}))).unwrap() {
        client.send_bytes(&[byte]).unwrap();
    }
    let answer = Answer::read(&client.receive().unwrap().unwrap());
    assert_eq!(
        answer,
        Answer::Result(json!({"continue_processing": true, "metadata": {"args": {"n": 1}}}))
    );
}

#[test]
fn many_connections_are_served_at_once() {
    let server = server();
    let mut waiting: Vec<_> = (0..50).map(|_| server.connect().unwrap()).collect();
    let started = std::time::Instant::now();
    for client in &mut waiting {
        client
            .send(&fault("wait", &json!({"milliseconds": 300})))
            .unwrap();
    }
    for client in &mut waiting {
        assert!(Answer::read(&client.receive().unwrap().unwrap()).is_allow());
    }
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "50 calls of 300 ms took {:?}",
        started.elapsed()
    );
}

#[test]
fn garbage_ends_at_most_its_own_connection() {
    let server = server();
    let mut bystander = server.connect().unwrap();
    let garbage: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[0xff; 64],
        &[0x01, 0, 0, 1, 0x0a],
        &[0, 0, 0, 3, 0x0a, 0xff, 0xff],
    ];
    for bytes in garbage {
        let mut client = server.connect().unwrap();
        client.send_bytes(bytes).unwrap();
        client.finish_sending().unwrap();
        while client.receive().unwrap_or(None).is_some() {}
        assert!(Answer::read(&bystander.call(&fault("echo", &json!({}))).unwrap()).is_allow());
    }
}

#[test]
fn a_malformed_message_is_answered_and_the_connection_goes_on() {
    let server = server();
    let mut client = server.connect().unwrap();
    assert_eq!(
        Answer::read(&client.call(b"\xffgarbage").unwrap()).code(),
        "UNKNOWN_MESSAGE"
    );

    // The request is well-formed, its payload is not.
    let mut request = invoke("tool_pre_invoke", "Faults", &json!({}));
    request.extend_from_slice(b"\x1a\x03\x0a\x7f\x00");
    let Answer::Error { message, .. } = Answer::read(&client.call(&request).unwrap()) else {
        panic!("a result")
    };
    assert!(
        message.contains("payload of tool_pre_invoke") && message.contains("at byte"),
        "{message}"
    );

    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
}

#[test]
fn a_length_reserves_no_memory() {
    let server = server();
    let before = resident_kib(server.id());
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = UnixStream::connect(server.socket()).unwrap();
            stream.write_all(&(16_u32 * 1024 * 1024).to_be_bytes()).unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let grown = resident_kib(server.id()).saturating_sub(before);
    assert!(
        grown < 20 * 1024,
        "100 announced frames of 16 MiB took {grown} KiB"
    );
    drop(waiting);
}

#[test]
fn twelve_megabytes_pass_in_both_directions() {
    let server = server();
    let mut client = server.connect().unwrap();
    let text = "é".repeat(6 * 1024 * 1024);
    let Answer::Result(result) = Answer::read(&client.call(&fault("echo", &json!({"text": text}))).unwrap())
    else {
        panic!("an error")
    };
    assert_eq!(result["metadata"]["args"]["text"], text);
}

#[test]
fn an_answer_over_the_limit_is_an_error_answer() {
    let server = server();
    let mut client = server.connect().unwrap();
    let answer = Answer::read(
        &client
            .call(&fault("big", &json!({"size": 17 * 1024 * 1024})))
            .unwrap(),
    );
    assert_eq!(answer.code(), "MESSAGE_TOO_LARGE");
    let Answer::Error { message, .. } = answer else {
        panic!("a result")
    };
    assert!(
        message.contains("16777216") && message.contains("PLUGINS_MAX_MESSAGE_SIZE"),
        "{message}"
    );
    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
}

#[test]
fn an_error_about_a_huge_name_is_not_huge() {
    let server = server();
    let mut client = server.connect().unwrap();
    let response = client
        .call(&invoke(
            "tool_pre_invoke",
            &"x".repeat(10_000_000),
            &json!({"name": "t"}),
        ))
        .unwrap();
    assert!(
        response.len() < 11_000_000,
        "the answer has {} bytes",
        response.len()
    );
    let Answer::Error { message, .. } = Answer::read(&response) else {
        panic!("a result")
    };
    assert!(message.starts_with("Unable to find tool_pre_invoke for plugin xxx") && message.len() < 1000);
}

#[test]
fn a_request_over_the_operators_limit_is_an_error_answer() {
    let server = server_with(&[("PLUGINS_MAX_MESSAGE_SIZE", "2000")]);
    let mut client = server.connect().unwrap();
    let request = fault("echo", &json!({"text": "x".repeat(1_000_000)}));
    assert_eq!(
        Answer::read(&client.call(&request).unwrap()).code(),
        "MESSAGE_TOO_LARGE"
    );
    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
}

#[test]
fn nesting_is_bounded_in_both_directions() {
    let server = server();
    let mut client = server.connect().unwrap();
    // The payload and its `args` are two of the 33 objects that a host may send, and the result and its `metadata` two of
    // those that it can read.
    for (depth, fits) in [(31, true), (32, false)] {
        let mut value = json!(1);
        for _ in 1..depth {
            value = json!({"in": value});
        }
        let payload = json!({"name": "wait", "args": {"in": value}});
        // Our own codec refuses to write what is too deep, so the request is written without a limit.
        let answer = Answer::read(&client.call(&deep_request(&payload)).unwrap());
        assert_eq!(
            answer.is_allow(),
            fits,
            "{depth} objects in the arguments: {answer:?}"
        );
        if let Answer::Error { message, .. } = answer {
            assert!(
                message.contains("nest deeper") && message.contains("PLUGINS_MAX_NESTING"),
                "{message}"
            );
        }
        let answer = Answer::read(&client.call(&fault("nested", &json!({"depth": depth}))).unwrap());
        assert_eq!(
            answer.is_allow(),
            fits,
            "{depth} objects in the metadata: {answer:?}"
        );
    }
}

/// A request whose payload is written by prost.
fn deep_request(payload: &serde_json::Value) -> Vec<u8> {
    use plugin_sdk_proto::cpex::InvokeHookRequest;
    use prost::Message;
    use prost_types::{ListValue, Struct, Value, value::Kind};

    fn value(json: &serde_json::Value) -> Value {
        let kind = match json {
            serde_json::Value::Null => Kind::NullValue(0),
            serde_json::Value::Bool(value) => Kind::BoolValue(*value),
            serde_json::Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap()),
            serde_json::Value::String(value) => Kind::StringValue(value.clone()),
            serde_json::Value::Array(values) => Kind::ListValue(ListValue {
                values: values.iter().map(value).collect(),
            }),
            serde_json::Value::Object(map) => Kind::StructValue(Struct {
                fields: map.iter().map(|(key, json)| (key.clone(), value(json))).collect(),
            }),
        };
        Value { kind: Some(kind) }
    }

    let Some(Kind::StructValue(payload)) = value(payload).kind else {
        panic!("a payload is an object")
    };
    let request = InvokeHookRequest {
        hook_type: "tool_pre_invoke".into(),
        plugin_name: "Faults".into(),
        payload: Some(payload),
        context: None,
    };
    request.encode_to_vec()
}

/// The resident memory of a process.
pub(crate) fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
