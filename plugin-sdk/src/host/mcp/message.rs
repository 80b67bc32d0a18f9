//! The messages of JSON-RPC that a host of plugins sends and reads.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    host::transport::{Failure, Method, Request},
    protocol::{error::ReportedError, server_error::code::STOPPING},
    value::Value,
};

/// What hosts offer. Servers answer with the version that they go on with.
pub(super) const PROTOCOL_VERSION: &str = "2025-11-25";

pub(super) const INITIALIZED: &[u8] = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

const METHOD_NOT_FOUND: i32 = -32601;

pub(super) fn initialize(id: u64) -> Vec<u8> {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"{PROTOCOL_VERSION}","capabilities":{{}},"clientInfo":{{"name":"plugin-sdk","version":"{}"}}}}}}"#,
        env!("CARGO_PKG_VERSION")
    )
    .into_bytes()
}

/// What asks for what is asked of the server.
pub(super) fn request(id: u64, request: &Request<'_>) -> Vec<u8> {
    let tool = match request.method {
        Method::InvokeHook => "invoke_hook",
        Method::GetPluginConfig => "get_plugin_config",
        Method::Health => return format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#).into_bytes(),
    };
    let mut out = Vec::with_capacity(request.message.len() + 128);
    out.extend_from_slice(
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":"#
        )
        .as_bytes(),
    );
    out.extend_from_slice(&request.message);
    out.extend_from_slice(b"}}");
    out
}

/// Says that nobody waits for the answer to a request any more.
pub(super) fn cancelled(id: u64) -> Vec<u8> {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"caller cancelled"}}}}"#
    )
    .into_bytes()
}

/// The answer to a request of the server: hosts have nothing to offer but that they are there.
pub(super) fn answer_to(id: &RawValue, method: &str) -> Vec<u8> {
    if method == "ping" {
        return format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#).into_bytes();
    }
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{METHOD_NOT_FOUND},"message":"Method not found"}}}}"#
    )
    .into_bytes()
}

/// A message of the server.
#[derive(Debug)]
pub(super) enum Incoming<'a> {
    /// To the request with this id; an error may be to one whose id could not be read.
    Answer(Option<u64>, Result<&'a RawValue, RpcError>),
    Request(&'a RawValue, Cow<'a, str>),
    Notification,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RpcError {
    pub(super) code: i64,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    data: Option<Value>,
}

impl RpcError {
    /// Whether the server says that it stops, and did not take the request.
    pub(super) fn is_shutting_down(&self) -> bool {
        let code = self.data.as_ref().and_then(|data| data.get("code"));
        code.and_then(Value::as_str) == Some(STOPPING)
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<RpcError>,
}

/// Reads a message.
pub(super) fn read(message: &[u8]) -> Result<Incoming<'_>, String> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(message).map_err(|error| format!("it is not JSON-RPC: {error}"))?;
    // Our own ids are numbers, and nobody has given up an answer to anything else.
    let id = envelope.id.and_then(|id| id.get().parse().ok());
    match (envelope.method, envelope.id, envelope.result, envelope.error) {
        (Some(method), Some(id), ..) => Ok(Incoming::Request(id, method)),
        (Some(_), None, ..) => Ok(Incoming::Notification),
        (None, _, _, Some(error)) => Ok(Incoming::Answer(id, Err(error))),
        (None, _, Some(result), None) => Ok(Incoming::Answer(id, Ok(result))),
        (None, _, None, None) => {
            Err("it is not JSON-RPC: it has neither a method, a result nor an error".to_owned())
        }
    }
}

/// The id of an answer of which only the front is there. Servers write it before the result.
pub(super) fn id_at_front(front: &[u8]) -> Option<u64> {
    let front = String::from_utf8_lossy(front);
    let before_content = front.split("\"result\"").next()?;
    let (_, rest) = before_content.split_once("\"id\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find(|character: char| !character.is_ascii_digit())?;
    rest[..end].parse().ok()
}

/// What is asked for, out of the result of a request.
pub(super) fn content(method: Method, result: &RawValue, limit: usize) -> Result<Bytes, Failure> {
    #[derive(Deserialize)]
    struct ToolResult<'a> {
        #[serde(borrow, default)]
        content: Vec<Block<'a>>,
        #[serde(rename = "isError", default)]
        is_error: Option<bool>,
    }

    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow, rename = "type", default)]
        kind: Cow<'a, str>,
        #[serde(default)]
        text: Option<String>,
    }

    if method == Method::Health {
        return Ok(Bytes::from_static(b"{}"));
    }
    let result: ToolResult<'_> = serde_json::from_str(result.get())
        .map_err(|error| Failure::Invalid(format!("it is not the result of a tool: {error}")))?;
    let text = result
        .content
        .into_iter()
        .filter(|block| block.kind == "text")
        .find_map(|block| block.text)
        .ok_or_else(|| Failure::Invalid("it has no text".to_owned()))?;
    if result.is_error == Some(true) && !text.trim_start().starts_with('{') {
        return Err(of_prose(text));
    }
    if text.len() > limit {
        return Err(too_large(limit));
    }
    Ok(Bytes::from(text))
}

/// Whose validation failed, in the words of the Python server, when it has not called the tool yet. Any other may be about a result.
const ARGUMENTS: [&str; 2] = [" for invoke_hookArguments\n", " for get_plugin_configArguments\n"];

/// What a server says in prose instead of the answer of a tool. Of two of its sentences it is known that it says them before it calls
/// the tool.
fn of_prose(text: String) -> Failure {
    let is_about_arguments = ARGUMENTS.iter().any(|arguments| text.contains(arguments));
    if text.starts_with("Unknown tool") || is_about_arguments {
        return refused(text, "");
    }
    Failure::Failed(Box::new(ReportedError {
        message: text,
        mcp_error_code: INTERNAL_ERROR,
        ..ReportedError::default()
    }))
}

/// The failure that an error stands for. Of some it is known that they are about the message, which then reached nobody.
pub(super) fn failure(error: RpcError) -> Failure {
    let is_refusal = ABOUT_THE_MESSAGE.contains(&error.code);
    let error = Box::new(ReportedError {
        message: error.message,
        mcp_error_code: i32::try_from(error.code).unwrap_or(INTERNAL_ERROR),
        ..ReportedError::default()
    });
    if is_refusal {
        Failure::Refused(error)
    } else {
        Failure::Failed(error)
    }
}

/// Not JSON, no request, no such method, params that are not those of the method.
const ABOUT_THE_MESSAGE: [i64; 4] = [-32700, -32600, -32601, -32602];

pub(super) fn refused(message: String, code: &str) -> Failure {
    Failure::Refused(Box::new(ReportedError {
        message,
        code: code.to_owned(),
        mcp_error_code: INTERNAL_ERROR,
        ..ReportedError::default()
    }))
}

const INTERNAL_ERROR: i32 = -32603;

pub(super) fn too_large(limit: usize) -> Failure {
    Failure::TooLarge(format!(
        "the answer has more than the {limit} bytes that are read"
    ))
}

/// The version of the protocol that the server goes on with.
pub(super) fn negotiated(result: &RawValue) -> Result<String, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Initialized {
        protocol_version: String,
    }

    serde_json::from_str(result.get())
        .map(|Initialized { protocol_version }| protocol_version)
        .map_err(|error| Failure::Invalid(format!("it is not the result of initialize: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn messages_are_told_apart() {
        let read = |text: &str| format!("{:?}", read(text.as_bytes()));
        assert!(read(r#"{"id":7,"result":{}}"#).contains("Answer(Some(7), Ok"));
        assert!(read(r#"{"id":null,"error":{"code":-32700,"message":"no"}}"#).contains("Answer(None, Err"));
        assert!(read(r#"{"id":"a","method":"ping"}"#).contains("Request"));
        assert!(read(r#"{"method":"notifications/message"}"#).contains("Notification"));
        assert!(read("{}").contains("neither"));
        assert!(read("[]").contains("not JSON-RPC"));
    }

    #[test]
    fn the_first_text_is_the_answer() {
        let content = |text: &str| content(Method::InvokeHook, raw(text), 10);
        let found =
            content(r#"{"content":[{"type":"image","data":"x"},{"type":"text","text":"{\"a\":1}"}]}"#);
        assert_eq!(found.unwrap(), r#"{"a":1}"#);
        assert!(matches!(content(r#"{"content":[]}"#), Err(Failure::Invalid(_))));
        let prose = r#"{"content":[{"type":"text","text":"Unknown tool"}],"isError":true}"#;
        assert!(matches!(content(prose), Err(Failure::Refused(_))));
        let prose = r#"{"content":[{"type":"text","text":"Error executing tool invoke_hook: 1 validation error for invoke_hookArguments\ncontext"}],"isError":true}"#;
        assert!(matches!(content(prose), Err(Failure::Refused(_))));
        // The hook has run.
        let prose = r#"{"content":[{"type":"text","text":"Error executing tool invoke_hook: 1 validation error for PluginResult\nmetadata"}],"isError":true}"#;
        assert!(matches!(content(prose), Err(Failure::Failed(_))));
        let long = r#"{"content":[{"type":"text","text":"{\"a\":12345678}"}]}"#;
        assert!(matches!(content(long), Err(Failure::TooLarge(_))));
    }

    #[test]
    fn the_id_is_found_before_the_result() {
        assert_eq!(
            id_at_front(br#"{"jsonrpc":"2.0","id": 42,"result":{"con"#),
            Some(42)
        );
        assert_eq!(id_at_front(br#"{"jsonrpc":"2.0","result":{"id":42,"#), None);
        assert_eq!(id_at_front(br#"{"id":"42","#), None);
    }
}
