//! What is wrong with a message that rmcp does not take. Only then it is looked at here.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};

use super::odd_id::{OddId, is_number};
use crate::codec::CodecError;

/// Codes of errors in JSON-RPC.
pub(super) mod code {
    pub(in super::super) const PARSE_ERROR: i32 = -32700;
    pub(in super::super) const INVALID_REQUEST: i32 = -32600;
    pub(in super::super) const INVALID_PARAMS: i32 = -32602;
    pub(in super::super) const INTERNAL_ERROR: i32 = -32603;
}

/// An error of JSON-RPC.
#[derive(Debug)]
pub(super) struct MessageError {
    pub(super) code: i32,
    /// Of the request, as the client wrote it, if that much could be read.
    pub(super) id: Option<Box<RawValue>>,
    pub(super) message: String,
    /// For clients that are programs: a code as in an error of a plugin.
    pub(super) reason: Option<&'static str>,
}

impl MessageError {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            id: None,
            message: message.into(),
            reason: None,
        }
    }

    pub(super) fn with_reason(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The answer that says it.
    pub(super) fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Answer<'a> {
            jsonrpc: &'a str,
            id: Option<&'a RawValue>,
            error: Error<'a>,
        }
        #[derive(Serialize)]
        struct Error<'a> {
            code: i32,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            data: Option<Data>,
        }
        #[derive(Serialize)]
        struct Data {
            code: &'static str,
        }

        let answer = Answer {
            jsonrpc: "2.0",
            id: self.id.as_deref(),
            error: Error {
                code: self.code,
                message: &self.message,
                data: self.reason.map(|code| Data { code }),
            },
        };
        serde_json::to_vec(&answer).unwrap_or_default()
    }
}

/// What the library makes nothing of.
#[derive(Debug)]
pub(super) enum Untaken {
    /// The message is wrong.
    Wrong(MessageError),
    /// The message is right but for an id that the library can't hold, which is a number without a place in 64 bits.
    OddId(OddId),
    /// A call of a tool, with arguments that the library can't hold, such as for their nesting. The same with each object as
    /// text, which the tools take too: what is wrong with it is for them to say.
    OddArguments(Bytes),
}

impl MessageError {
    /// The library does not take what stands for a message either.
    pub(super) fn of_stand_in(body: &[u8]) -> Self {
        Self {
            id: id_of(body),
            ..Self::new(
                code::INVALID_PARAMS,
                "Validation error: the params are not those of the method",
            )
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// A null is there too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

const BATCH: &str = "it is a batch, which MCP no longer has; send each request by itself";

const NOT_OF_ITS_METHOD: &str = "its params are not those of its method";

/// Finds out why the library does not take a message.
pub(super) fn explain(body: &Bytes) -> Untaken {
    let envelope: Envelope<'_> = match read(body) {
        Ok(envelope) => envelope,
        Err(error) if error.classify() == Category::Data => {
            let problem = match error.to_string() {
                text if text.starts_with(BATCH) => BATCH.to_owned(),
                // It names the types and no value.
                _ => CodecError::from(error).to_string(),
            };
            let message = format!("Validation error: the request is not a JSON-RPC message: {problem}");
            return Untaken::Wrong(MessageError::new(code::INVALID_PARAMS, message));
        }
        Err(error) => {
            let message = format!("Parse error: the request is not JSON: {error}");
            return Untaken::Wrong(MessageError::new(code::PARSE_ERROR, message));
        }
    };
    let id = envelope.id.filter(|id| is_legal(id)).map(ToOwned::to_owned);
    let problem = match (&envelope.jsonrpc, &envelope.method, envelope.id) {
        (None, ..) => "jsonrpc is missing, which must be \"2.0\"",
        (Some(version), ..) if version != "2.0" => "jsonrpc must be \"2.0\"",
        (_, None, _) => "method is missing",
        (_, Some(method), Some(id)) if method == "tools/call" && is_held(id) => {
            match envelope.params.and_then(|params| with_text(id, params)) {
                Some(message) => return Untaken::OddArguments(message),
                None => NOT_OF_ITS_METHOD,
            }
        }
        (_, Some(_), Some(id)) => match OddId::of(body, id) {
            Some(odd) => return Untaken::OddId(odd),
            None if id.get().starts_with('"') => NOT_OF_ITS_METHOD,
            None => "id must be a string or a number",
        },
        (_, Some(_), None) => NOT_OF_ITS_METHOD,
    };
    let message = format!("Validation error: the request is not a JSON-RPC message of MCP: {problem}");
    Untaken::Wrong(MessageError {
        id,
        ..MessageError::new(code::INVALID_PARAMS, message)
    })
}

/// An object, and not a list of what would be in one.
fn read(body: &[u8]) -> serde_json::Result<Envelope<'_>> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        serde_json::from_slice::<IgnoredAny>(body)?;
        return Err(serde_json::Error::custom(BATCH));
    }
    serde_json::from_slice(body)
}

/// The id of a message, or of the beginning of one, if it can be read.
pub(super) fn id_of(body: &[u8]) -> Option<Box<RawValue>> {
    struct IdVisitor<'a>(&'a mut Option<Box<RawValue>>);

    impl<'de> Visitor<'de> for IdVisitor<'_> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if key == "id" {
                    *self.0 = Some(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }

    let mut id = None;
    // Where it breaks off does not matter.
    let _ = serde_json::Deserializer::from_slice(body).deserialize_map(IdVisitor(&mut id));
    id.filter(|id| is_legal(id))
}

fn is_legal(id: &RawValue) -> bool {
    is_number(id) || id.get().starts_with('"')
}

/// Whether the library can hold the id.
fn is_held(id: &RawValue) -> bool {
    id.get().starts_with('"') || id.get().parse::<i64>().is_ok()
}

/// The call of a tool with each object and each list among its arguments as text.
fn with_text(id: &RawValue, params: &RawValue) -> Option<Bytes> {
    #[derive(Deserialize, Serialize)]
    struct Params<'a, A> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        arguments: BTreeMap<Cow<'a, str>, A>,
    }
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Argument<'a> {
        Text(&'a str),
        Plain(&'a RawValue),
    }
    #[derive(Serialize)]
    struct Call<'a> {
        jsonrpc: &'a str,
        id: &'a RawValue,
        method: &'a str,
        params: Params<'a, Argument<'a>>,
    }

    let Params { name, arguments }: Params<'_, &RawValue> = serde_json::from_str(params.get()).ok()?;
    let arguments = arguments.into_iter().map(|(name, argument)| {
        let text = argument.get();
        let argument = if text.starts_with(['{', '[']) {
            Argument::Text(text)
        } else {
            Argument::Plain(argument)
        };
        (name, argument)
    });
    let call = Call {
        jsonrpc: "2.0",
        id,
        method: "tools/call",
        params: Params {
            name,
            arguments: arguments.collect(),
        },
    };
    serde_json::to_vec(&call).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(body: &'static str) -> MessageError {
        match explain(&Bytes::from_static(body.as_bytes())) {
            Untaken::Wrong(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_wrong_message_says_what_is_wrong_and_keeps_its_id() {
        const NOT_OF_MCP: &str = "the request is not a JSON-RPC message of MCP: ";
        for (body, code, id, says) in [
            ("", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("{", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("nonsense", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("[]", code::INVALID_PARAMS, None, "it is a batch"),
            (
                r#" [{"jsonrpc":"2.0"}]"#,
                code::INVALID_PARAMS,
                None,
                "it is a batch",
            ),
            ("[", code::PARSE_ERROR, None, "the request is not JSON: "),
            (
                "7",
                code::INVALID_PARAMS,
                None,
                "the request is not a JSON-RPC message: ",
            ),
            (
                r#"{"id":7,"method":"ping"}"#,
                code::INVALID_PARAMS,
                Some("7"),
                "jsonrpc is missing",
            ),
            (
                r#"{"jsonrpc":"1.0","id":"a b","method":"ping"}"#,
                code::INVALID_PARAMS,
                Some("\"a b\""),
                "jsonrpc must be",
            ),
            (
                r#"{"jsonrpc":"2.0","id":7}"#,
                code::INVALID_PARAMS,
                Some("7"),
                "method is missing",
            ),
            (
                r#"{"jsonrpc":"2.0","id":[7],"method":"ping"}"#,
                code::INVALID_PARAMS,
                None,
                "id must be a string or a number",
            ),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                code::INVALID_PARAMS,
                None,
                "id must be a string or a number",
            ),
        ] {
            let error = wrong(body);
            assert_eq!(error.code, code, "{body}");
            assert_eq!(error.id.as_deref().map(RawValue::get), id, "{body}");
            let message = error.message.replace(NOT_OF_MCP, "");
            assert!(message.contains(says), "{body}: {message}");
        }
        let error = wrong(r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#);
        let answer: serde_json::Value = serde_json::from_slice(&error.to_json()).unwrap();
        assert_eq!(answer["id"], 7);
        assert_eq!(answer["error"]["code"], code::INVALID_PARAMS);
    }

    #[test]
    fn an_odd_id_comes_back_as_it_was() {
        let body = Bytes::from_static(br#"{"jsonrpc":"2.0", "id" : 12345678901234567890,"method":"ping"}"#);
        let Untaken::OddId(odd) = explain(&body) else {
            panic!("not odd")
        };
        assert_eq!(
            &odd.message[..],
            br#"{"jsonrpc":"2.0", "id" : "12345678901234567890","method":"ping"}"#
        );
        assert_eq!(
            odd.restore(br#"{"jsonrpc":"2.0","id":"12345678901234567890","result":{}}"#),
            br#"{"jsonrpc":"2.0","id":12345678901234567890,"result":{}}"#
        );
    }

    #[test]
    fn arguments_that_nest_too_deep_become_text() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"invoke_hook","arguments":{{"hook_type":"h","payload":{{"a":{deep}}}}}}}}}"#
        );
        let Untaken::OddArguments(message) = explain(&Bytes::from(body)) else {
            panic!("not odd")
        };
        let message: serde_json::Value = serde_json::from_slice(&message).unwrap();
        assert_eq!(message["id"], 7);
        assert_eq!(message["params"]["name"], "invoke_hook");
        let arguments = &message["params"]["arguments"];
        assert_eq!(arguments["hook_type"], "h");
        assert_eq!(arguments["payload"], format!(r#"{{"a":{deep}}}"#));
    }
}
