//! Panics in author code: an error for the one call, and the server lives on.

use plugin_sdk_tests::messages::{Answer, fault};
use serde_json::json;

use crate::frames::{resident_kib, server};

#[test]
fn a_panic_is_an_error_answer_wherever_it_happens() {
    let server = server();
    let mut client = server.connect().unwrap();
    for name in ["panic", "panic-later", "panic-in-drop"] {
        let answer = Answer::read(&client.call(&fault(name, &json!({"milliseconds": 1}))).unwrap());
        let Answer::Error { message, code } = answer else {
            panic!("a result")
        };
        assert_eq!(
            (message.as_str(), code.as_str()),
            ("Plugin Faults panicked in tool_pre_invoke", "PLUGIN_PANIC")
        );
    }
    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
}

#[test]
fn ten_thousand_panics_cost_no_good_call_and_no_memory() {
    let server = server();
    let calls = |count: usize| {
        std::thread::scope(|scope| {
            for connection in 0..8 {
                let mut client = server.connect().unwrap();
                scope.spawn(move || {
                    for number in 0..count {
                        let name = if number % 2 == 0 { "panic" } else { "panic-later" };
                        let answer = Answer::read(&client.call(&fault(name, &json!({}))).unwrap());
                        assert_eq!(answer.code(), "PLUGIN_PANIC");
                        let id = connection * count + number;
                        let Answer::Result(result) =
                            Answer::read(&client.call(&fault("echo", &json!({"id": id}))).unwrap())
                        else {
                            panic!("a good call failed")
                        };
                        assert_eq!(result["metadata"]["args"]["id"], id);
                    }
                });
            }
        });
    };
    calls(100);
    let before = resident_kib(server.id());
    calls(1250);
    let grown = resident_kib(server.id()).saturating_sub(before);
    assert!(grown < 2 * 1024, "10,000 panics took {grown} KiB");
}

#[test]
fn errors_carry_code_and_details_and_a_violation_is_a_denial() {
    use plugin_sdk_proto::wire::InvokeHookResponse;
    use prost::Message;

    let server = server();
    let mut client = server.connect().unwrap();
    let response = client.call(&fault("error", &json!({}))).unwrap();
    let error = InvokeHookResponse::decode(response.as_slice())
        .unwrap()
        .error
        .unwrap();
    assert_eq!(
        (error.message.as_str(), error.plugin_name.as_str()),
        ("failed as asked", "Faults")
    );
    assert_eq!((error.code.as_str(), error.mcp_error_code), ("E42", -32001));
    let details: serde_json::Value = plugin_sdk::codec::from_struct(&error.details).unwrap();
    assert_eq!(details, json!({"tool": "error"}));

    let Answer::Result(result) = Answer::read(&client.call(&fault("violation", &json!({}))).unwrap()) else {
        panic!("an error")
    };
    assert_eq!(result["continue_processing"], false);
    assert_eq!(result["violation"]["code"], "QUESTION_MARK");

    let answer = Answer::read(&client.call(&fault("nan", &json!({}))).unwrap());
    assert_eq!(answer.code(), "INTERNAL_ERROR");
    let Answer::Error { message, .. } = answer else {
        panic!("a result")
    };
    assert!(message.contains("modified_payload.args.big"), "{message}");
}
