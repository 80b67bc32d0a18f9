//! Recorded requests over gRPC, with the headers of the host that sent them, and what comes back.
//!
//! The client is one of HTTP/2 and no more: one of gRPC would end a call by itself when its time is over.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use plugin_sdk_proto::cpex;
use plugin_sdk_tests::messages;
use prost::Message;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use super::differences::{Difference, GRPC};
use super::{bytes, cases, decode, hosts, normal, server_with, text, texts, vectors};
use crate::command_line::tcp_address;

/// The names of the statuses, by number.
const STATUSES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A recorded call. An answer is a document of its status and, if that is OK, its response.
struct Call<'a> {
    id: &'a str,
    path: &'a str,
    request: Vec<u8>,
    hook: String,
    recorded: Value,
}

impl<'a> Call<'a> {
    fn of(case: &'a Value) -> Self {
        let id = text(case, "id");
        let path = text(case, "path");
        let request = match id {
            // The file has only its size; what else is in it does not matter.
            "request-over-4MiB" => {
                let args = json!({"x": "x".repeat(4_194_394)});
                messages::invoke("tool_pre_invoke", "Vec", &json!({"name": "noop", "args": args}))
            }
            _ => bytes(text(case, "request_hex")),
        };
        let mut recorded = json!({"status": case["grpc_status"]});
        if let Some(response) = case["response_hex"].as_str() {
            recorded["response"] = match id {
                // Of these two the file has only the size. The first is recorded on the Unix socket, too.
                "configs" => decode::message(response_type(path), &configs(response)).unwrap(),
                "response-over-4MiB" => json!({"size": response}),
                _ => decode::message(response_type(path), &bytes(response)).unwrap(),
            };
        }
        let hook = cpex::InvokeHookRequest::decode(&*request).map(|it| it.hook_type);
        Self {
            id,
            path,
            request,
            hook: hook.unwrap_or_default(),
            recorded,
        }
    }

    fn normal(&self, mut answer: Value) -> Value {
        if let Some(response) = answer.get_mut("response") {
            normal::response(response, response_type(self.path), &self.hook);
        }
        answer
    }

    /// The recorded answer with the known differences. Each must be one.
    fn expected(&self) -> Value {
        let mut answer = self.recorded.clone();
        for difference in GRPC
            .iter()
            .filter(|it| it.concerns(self.id, &Value::Null, &self.recorded))
        {
            let before = self.normal(answer.clone());
            difference.apply(&mut answer);
            let after = self.normal(answer.clone());
            assert_ne!(before, after, "{}: no difference: {}", self.id, difference.reason);
        }
        self.normal(answer)
    }

    /// What is wrong with an answer of ours.
    fn mismatch(&self, status: &str, message: &[u8]) -> Option<String> {
        let mut ours = json!({"status": status});
        if status == "OK" {
            match decode::message(response_type(self.path), message) {
                Ok(response) => ours["response"] = response,
                Err(error) => return Some(format!("{}: the response can't be read: {error}", self.id)),
            }
            if self.path.ends_with("/InvokeHook")
                && let Err(refused) = hosts::read(message, &self.hook)
            {
                return Some(format!("{}: hosts refuse it: {refused}", self.id));
            }
        }
        let ours = self.normal(ours);
        let mut expected = self.expected();
        let error = expected
            .pointer_mut("/response/error")
            .zip(ours.pointer("/response/error"));
        if error.is_some_and(|(expected, ours)| !texts::same(expected, ours)) {
            return Some(format!("{}: the error names no field: {ours}", self.id));
        }
        (expected != ours).then(|| format!("{}: expected\n  {expected}\nbut it is\n  {ours}", self.id))
    }
}

fn response_type(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("GetPluginConfig") => "GetPluginConfigResponse",
        Some("GetPluginConfigs") => "GetPluginConfigsResponse",
        Some("Check") => "HealthCheckResponse",
        _ => "InvokeHookResponse",
    }
}

/// The configurations as they are recorded on the Unix socket, which are as many bytes.
fn configs(size: &str) -> Vec<u8> {
    let raw = cases("unix_raw.json", 81);
    let case = raw.iter().find(|case| case["id"] == "cfgs-empty").unwrap();
    let response = bytes(text(case, "response_hex"));
    assert_eq!(size, format!("({} bytes)", response.len()));
    response
}

/// Makes a call on a connection of its own: the status, and the message in the answer.
async fn call(
    address: &str,
    call: &Call<'_>,
    headers: &Map<String, Value>,
) -> Result<(&'static str, Vec<u8>), h2::Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await?;
    tokio::spawn(connection);
    let mut request = http::Request::post(format!("http://{}{}", text_of(headers, ":authority"), call.path));
    for name in headers.keys().filter(|name| !name.starts_with(':')) {
        request = request.header(name, text_of(headers, name));
    }
    if call.id == "deadline" {
        request = request.header("grpc-timeout", "500m");
    }
    let (response, mut body) = requests
        .ready()
        .await?
        .send_request(request.body(()).unwrap(), false)?;
    let length = u32::try_from(call.request.len()).unwrap().to_be_bytes();
    body.send_data(Bytes::from([&[0], &length[..], &call.request].concat()), true)?;

    let (head, mut body) = response.await?.into_parts();
    assert_eq!(head.status, 200, "{}", call.id);
    let mut answer = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        answer.extend_from_slice(&piece);
    }
    let trailers = body.trailers().await?.unwrap_or(head.headers);
    let number: usize = trailers["grpc-status"].to_str().unwrap().parse().unwrap();
    // Before the message: that it is not compressed, and its length.
    Ok((STATUSES[number], answer.split_off(answer.len().min(5))))
}

fn text_of<'a>(headers: &'a Map<String, Value>, name: &str) -> &'a str {
    headers[name].as_str().unwrap()
}

#[tokio::test]
async fn every_recorded_call_over_grpc_has_the_recorded_answer() {
    let server = server_with(|command| {
        command
            .env("PLUGINS_TRANSPORT", "grpc")
            .env("PLUGINS_GRPC_SERVER_PORT", "0")
            // The limit of the recorded server.
            .env("PLUGINS_MAX_MESSAGE_SIZE", "4MiB");
    });
    let address = tcp_address(&server);
    let headers = vectors("grpc.json")["request_headers_of_the_python_host"]["tcp"].take();
    let cases = cases("grpc.json", 25);
    let mut met = HashSet::new();
    let mut wrong = Vec::new();
    for recorded in cases.iter().map(Call::of) {
        let answer = call(&address, &recorded, headers.as_object().unwrap());
        match tokio::time::timeout(Duration::from_secs(20), answer).await {
            Ok(Ok((status, message))) => wrong.extend(recorded.mismatch(status, &message)),
            Ok(Err(error)) => wrong.push(format!("{}: no answer: {error}", recorded.id)),
            Err(_) => wrong.push(format!("{}: no answer in 20 s", recorded.id)),
        }
        met.insert(recorded.id);
    }
    for id in GRPC.iter().flat_map(Difference::named) {
        assert!(
            met.contains(id),
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
fn recorded_bytes_over_grpc_are_the_recorded_documents() {
    let mut compared = 0;
    for case in cases("grpc.json", 25) {
        let Some(document) = case.get("response") else {
            continue;
        };
        let mut document = document.clone();
        let response = bytes(text(&case, "response_hex"));
        let mut decoded = decode::message(response_type(text(&case, "path")), &response).unwrap();
        normal::numbers(&mut decoded);
        normal::numbers(&mut document);
        assert_eq!(decoded, document, "{}", case["id"]);
        compared += 1;
    }
    assert_eq!(compared, 16, "documents that were compared");
}
