//! A denial stays a denial, whatever comes with it and whatever is wrong with that.

use plugin_sdk_tests::{
    messages::{Answer, fault},
    process::ServerProcess,
};
use serde_json::json;

#[test]
fn a_denial_is_sent_without_what_can_t_be_sent() {
    for on_error in ["fail", "ignore", "disable"] {
        let configuration = format!("plugins: [{{name: Faults, kind: faults, on_error: {on_error}}}]");
        let server = ServerProcess::start(env!("CARGO_BIN_EXE_fault-plugin"), &configuration).unwrap();
        let mut client = server.connect().unwrap();
        for name in ["unsendable-denial", "unsendable-context", "huge-denial"] {
            let request = fault(name, &json!({"size": 17 * 1024 * 1024}));
            let expected = json!({
                "continue_processing": false,
                "violation": {"reason": "denied", "description": "denied", "code": "DENIED"},
            });
            let answer = Answer::read(&client.call(&request).unwrap());
            assert_eq!(
                answer,
                Answer::Result(expected),
                "{name} with on_error: {on_error}"
            );
        }
    }
}

#[test]
fn a_failing_call_is_let_pass_only_where_the_operator_wants_that() {
    for (on_error, passes) in [("fail", false), ("ignore", true), ("disable", true)] {
        let configuration = format!("plugins: [{{name: Faults, kind: faults, on_error: {on_error}}}]");
        let server =
            ServerProcess::start_with(env!("CARGO_BIN_EXE_fault-plugin"), &configuration, |command| {
                command.env("PLUGINS_CALL_TIMEOUT", "1");
            });
        let server = server.unwrap();
        for name in ["error", "panic", "nan", "wait-forever"] {
            let mut client = server.connect().unwrap();
            let answer = Answer::read(&client.call(&fault(name, &json!({}))).unwrap());
            assert_eq!(
                answer.is_allow(),
                passes,
                "{name} with on_error: {on_error}: {answer:?}"
            );
        }
        // A denial is no failure, also not one that was returned as an error.
        let mut client = server.connect().unwrap();
        assert!(!Answer::read(&client.call(&fault("violation", &json!({}))).unwrap()).is_allow());
    }
}
