//! Recorded requests, byte for byte, and what comes back.

use std::collections::HashSet;

use plugin_sdk_proto::cpex;
use plugin_sdk_tests::messages;
use plugin_sdk_tests::process::ServerProcess;
use prost::Message;
use serde_json::{Value, json};

use super::differences::{Difference, TABLE};
use super::{bytes, cases, decode, hosts, normal, server, text, texts, vectors};

/// A recorded request with its answer.
struct Call<'a> {
    id: &'a str,
    request: Vec<u8>,
    hook: String,
    response_type: &'a str,
    recorded: Value,
}

impl<'a> Call<'a> {
    fn of(case: &'a Value) -> Self {
        let request = bytes(text(case, "request_hex"));
        let response_type = case["response_type"].as_str().unwrap_or("InvokeHookResponse");
        let recorded = decode::message(response_type, &bytes(text(case, "response_hex"))).unwrap();
        let hook = cpex::InvokeHookRequest::decode(&*request)
            .map(|it| it.hook_type)
            .unwrap_or_default();
        Self {
            id: text(case, "id"),
            request,
            hook,
            response_type,
            recorded,
        }
    }

    fn normal(&self, mut response: Value) -> Value {
        normal::response(&mut response, self.response_type, &self.hook);
        response
    }

    /// The recorded response with the known differences. Each must be one.
    fn expected(&self) -> Value {
        let request = decode::message("InvokeHookRequest", &self.request).unwrap_or_default();
        let mut response = self.recorded.clone();
        for difference in TABLE
            .iter()
            .filter(|it| it.concerns(self.id, &request, &self.recorded))
        {
            let before = self.normal(response.clone());
            difference.apply(&mut response);
            assert_ne!(
                before,
                self.normal(response.clone()),
                "{}: no difference: {}",
                self.id,
                difference.reason
            );
        }
        self.normal(response)
    }

    /// What is wrong with an answer of ours.
    fn mismatch(&self, answer: &[u8]) -> Option<String> {
        let mut expected = self.expected();
        let mut ours = match decode::message(self.response_type, answer) {
            Ok(response) => self.normal(response),
            Err(error) => return Some(format!("{}: not a {}: {error}", self.id, self.response_type)),
        };
        if !texts::same(&mut expected["error"], &ours["error"]) {
            return Some(format!(
                "{}: the error names no field: {}",
                self.id, ours["error"]
            ));
        }
        if self.response_type == "InvokeHookResponse"
            && let Err(refused) = hosts::read(answer, &self.hook)
        {
            return Some(format!("{}: hosts refuse it: {refused}", self.id));
        }
        // Looking for an error has put a null in its place.
        for response in [&mut expected, &mut ours] {
            response.as_object_mut()?.retain(|_, value| !value.is_null());
        }
        (expected != ours).then(|| format!("{}: expected\n  {expected}\nbut it is\n  {ours}", self.id))
    }
}

#[test]
fn every_recorded_request_has_the_recorded_answer() {
    let server = server();
    let mut connection = server.connect().unwrap();
    let raw = cases("unix_raw.json", 81);
    let host = cases("unix_host.json", 33);
    let (silent, host): (Vec<_>, Vec<_>) = host
        .into_iter()
        .partition(|case| case["nothing_was_sent"] == true);
    assert_eq!(
        (silent.len(), host.len()),
        (3, 30),
        "calls that the host could not send, and those that it did"
    );

    let mut wrong = Vec::new();
    let mut met = HashSet::new();
    for case in raw.iter().chain(&host) {
        let call = Call::of(case);
        let answer = connection
            .call(&call.request)
            .unwrap_or_else(|error| panic!("{}: {error}", call.id));
        if call.recorded["error"]["code"] == "UNKNOWN_MESSAGE" {
            assert_eq!(
                answer,
                bytes(text(case, "response_hex")),
                "{}: this one is the same to the byte",
                call.id
            );
        }
        wrong.extend(call.mismatch(&answer));
        met.insert(call.id.to_owned());
    }
    assert_eq!(met.len(), 111, "cases that were compared");
    for id in TABLE.iter().flat_map(Difference::named) {
        assert!(
            met.contains(*id),
            "the table of differences names {id}, which is not a case"
        );
    }
    assert!(
        wrong.is_empty(),
        "{} cases differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The decoder of these tests is right about the recordings, which hold both forms.
#[test]
fn recorded_bytes_are_the_recorded_documents() {
    let mut compared = 0;
    let files = [
        cases("unix_raw.json", 81),
        cases("unix_host.json", 33),
        cases("host_acceptance.json", 29),
    ];
    for case in files.iter().flatten() {
        // What has no JSON form: NaN, and bytes that are no message.
        let Some(document) = case
            .get("response")
            .filter(|it| it.get("_unrepresentable_in_json").is_none())
        else {
            continue;
        };
        let response_type = case["response_type"].as_str().unwrap_or("InvokeHookResponse");
        let mut decoded = decode::message(response_type, &bytes(text(case, "response_hex"))).unwrap();
        let mut document = document.clone();
        // The message that lists nothing has no field, of which one decoder makes an empty list.
        normal::numbers(&mut decoded);
        normal::numbers(&mut document);
        assert_eq!(decoded, document, "{}", case["id"]);
        compared += 1;
    }
    assert_eq!(compared, 80 + 29 + 28, "documents that were compared");
}

#[test]
fn frames_that_no_host_sends_end_the_connection() {
    let server = server();
    let framing = vectors("unix_raw.json")["framing"].take();
    let framing = framing.as_array().unwrap();
    assert_eq!(framing.len(), 3, "the number of cases of framing");
    for case in framing {
        let mut connection = server.connect().unwrap();
        connection.send_bytes(&bytes(text(case, "sent_hex"))).unwrap();
        if text(case, "id") == "frame-partial-eof" {
            connection.finish_sending().unwrap();
        }
        assert_eq!(text(case, "result"), "closed", "{}", case["id"]);
        assert_eq!(connection.receive().unwrap(), None, "{}", case["id"]);
    }
}

/// The case of the [protocol, section
/// 15.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#153-cases-to-know), that takes
/// too long to be in a file.
#[test]
fn a_call_that_takes_too_long_is_an_error_with_a_code() {
    let plugins = "plugins:\n  - {name: Vec, kind: plugins.vec.Vec}\n  \
                   - {name: Ignored, kind: plugins.vec.Vec, on_error: ignore}\n";
    let server = ServerProcess::start_with(env!("CARGO_BIN_EXE_vector-plugin"), plugins, |command| {
        command.env("PLUGINS_CALL_TIMEOUT", "0.2");
    });
    let server = server.unwrap();
    // A connection ends with a call that took all its time.
    let call = |plugin: &str| {
        let mut connection = server.connect().unwrap();
        let payload = json!({"name": "sleep", "args": {"s": 60}});
        let answer = connection
            .call(&messages::invoke("tool_pre_invoke", plugin, &payload))
            .unwrap();
        decode::message("InvokeHookResponse", &answer).unwrap()
    };
    let error = json!({
        "message": "Plugin Vec exceeded 0.2s timeout", "plugin_name": "Vec", "mcp_error_code": -32603,
        // The recorded server gives none.
        "code": "PLUGIN_TIMEOUT",
    });
    assert_eq!(call("Vec"), json!({"plugin_name": "Vec", "error": error}));
    // The recorded server answers with the error although the operator wants errors ignored.
    assert_eq!(
        call("Ignored"),
        json!({"plugin_name": "Ignored", "result": {"continue_processing": true}})
    );
}
