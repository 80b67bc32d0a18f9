//! Answers with a result.

use std::{borrow::Cow, io::Write};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error::{MessageError, RpcError},
    escape::escape,
    id::Id,
    revision::Revision,
};

/// What a tool answers.
#[derive(Debug, PartialEq)]
pub(crate) struct ToolAnswer {
    /// The text blocks, each a JSON object.
    pub(crate) texts: Vec<String>,
    /// The same in one JSON object, for a tool that has an output schema.
    pub(crate) structured: Option<String>,
    /// Whether the call itself was wrong. An error of a plugin is not one.
    pub(crate) is_error: bool,
}

impl ToolAnswer {
    pub(crate) fn of_text(text: String) -> Self {
        Self {
            texts: vec![text],
            structured: None,
            is_error: false,
        }
    }

    /// An answer of JSON, which is UTF-8.
    pub(crate) fn of_json(json: Vec<u8>) -> Self {
        Self::of_text(String::from_utf8(json).unwrap_or_default())
    }
}

/// An answer as it goes to the client.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The whole message.
    pub(crate) body: Vec<u8>,
    /// The code of the error that it is.
    pub(crate) error: Option<i32>,
}

impl From<MessageError> for Answer {
    fn from(error: MessageError) -> Self {
        Self {
            body: error.to_json(),
            error: Some(error.code),
        }
    }
}

impl Answer {
    /// An answer with a result that is JSON already.
    pub(crate) fn of_result(id: &Id, result: &str) -> Self {
        let mut body = begin(id, result.len());
        body.extend_from_slice(result.as_bytes());
        end(body)
    }

    /// The answer to a call of a tool that has answered with one text.
    pub(crate) fn of_text(id: &Id, text: &[u8], revision: Revision) -> Self {
        Self::of_texts(id, &[text], None, false, revision)
    }

    /// The answer to a call of a tool.
    pub(crate) fn of_tool(id: &Id, answer: &ToolAnswer, revision: Revision) -> Self {
        let texts: Vec<_> = answer.texts.iter().map(String::as_bytes).collect();
        Self::of_texts(
            id,
            &texts,
            answer.structured.as_deref(),
            answer.is_error,
            revision,
        )
    }

    fn of_texts(
        id: &Id,
        texts: &[&[u8]],
        structured: Option<&str>,
        is_error: bool,
        revision: Revision,
    ) -> Self {
        let length: usize = texts.iter().map(|text| text.len()).sum();
        // JSON as a string: most of what grows are the quotation marks.
        let mut body = begin(id, length + length / 4 + structured.map_or(0, str::len));
        body.extend_from_slice(b"{\"content\":[");
        for (place, text) in texts.iter().enumerate() {
            if place > 0 {
                body.push(b',');
            }
            body.extend_from_slice(b"{\"type\":\"text\",\"text\":\"");
            escape(&mut body, text);
            body.extend_from_slice(b"\"}");
        }
        body.push(b']');
        if let Some(structured) = structured {
            body.extend_from_slice(b",\"structuredContent\":");
            body.extend_from_slice(structured.as_bytes());
        }
        body.extend_from_slice(if is_error {
            b",\"isError\":true"
        } else {
            b",\"isError\":false"
        });
        // Clients of older revisions don't know it.
        if revision == Revision::Stateless {
            body.extend_from_slice(b",\"resultType\":\"complete\"");
        }
        body.push(b'}');
        end(body)
    }
}

fn begin(id: &Id, length: usize) -> Vec<u8> {
    let id = id.as_json();
    let mut body = Vec::with_capacity(length + id.len() + 160);
    // A vector takes whatever is written.
    let _ = write!(body, "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":");
    body
}

fn end(mut body: Vec<u8>) -> Answer {
    body.push(b'}');
    Answer { body, error: None }
}

/// A message of the server.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    /// To the request with this id; an error may be to one whose id could not be read.
    Answer(Option<u64>, Result<&'a RawValue, RpcError>),
    Request(&'a RawValue, Cow<'a, str>),
    Notification,
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

/// Reads a message of the server.
pub(crate) fn read(message: &[u8]) -> Result<Incoming<'_>, String> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(message).map_err(|error| format!("it is not JSON-RPC: {error}"))?;
    // Our own ids are numbers, and only answers to them can have been given up.
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

/// The first text in the result of a tool, and whether the call was wrong.
pub(crate) fn text(result: &RawValue) -> Result<(String, bool), String> {
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

    let result: ToolResult<'_> = serde_json::from_str(result.get())
        .map_err(|error| format!("it is not the result of a tool: {error}"))?;
    let text = result
        .content
        .into_iter()
        .filter(|block| block.kind == "text")
        .find_map(|block| block.text)
        .ok_or("it has no text")?;
    Ok((text, result.is_error == Some(true)))
}

/// The version of the protocol that the server goes on with, out of the result of `initialize`.
pub(crate) fn negotiated(result: &RawValue) -> Result<String, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Initialized {
        protocol_version: String,
    }

    serde_json::from_str(result.get())
        .map(|Initialized { protocol_version }| protocol_version)
        .map_err(|error| format!("it is not the result of initialize: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_answer_holds_any_text() {
        let id = serde_json::from_str::<&serde_json::value::RawValue>("7").unwrap();
        let id = Id::of(id).unwrap();
        let every: String = (0..0x180).filter_map(char::from_u32).collect();
        for start in 0..17 {
            for end in [every.len(), 60, 41, 34, 33] {
                let text = every.get(start..end.max(start)).unwrap_or(&every);
                let answer = Answer::of_text(&id, text.as_bytes(), Revision::Handshake);
                let answer: Value = serde_json::from_slice(&answer.body).unwrap();
                let expected = json!({
                    "jsonrpc": "2.0", "id": 7,
                    "result": {"content": [{"type": "text", "text": text}], "isError": false},
                });
                assert_eq!(answer, expected);
            }
        }
        let answer = Answer::of_text(&id, every.as_bytes(), Revision::Handshake);
        assert!(answer.body.iter().all(|byte| *byte >= b' '), "one line");
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
}
