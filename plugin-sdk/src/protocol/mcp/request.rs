//! What clients send: requests and notifications.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    error::MessageError,
    id::Id,
    members::{Members, Object, string},
    method,
    params::Params,
    revision::LATEST_HANDSHAKE,
};
use crate::protocol::code;

/// The notification that ends the handshake of a client.
pub(crate) fn initialized() -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","method":"{}"}}"#, method::INITIALIZED).into_bytes()
}

/// The request that begins the handshake of a client.
pub(crate) fn initialize(id: u64) -> Vec<u8> {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"{}","params":{{"protocolVersion":"{LATEST_HANDSHAKE}","capabilities":{{}},"clientInfo":{{"name":"plugin-sdk","version":"{}"}}}}}}"#,
        method::INITIALIZE,
        env!("CARGO_PKG_VERSION")
    )
    .into_bytes()
}

/// The request that asks whether the server is there.
pub(crate) fn ping(id: u64) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{}"}}"#, method::PING).into_bytes()
}

/// The request that calls a tool, whose arguments are JSON already.
pub(crate) fn call_tool(id: u64, tool: &str, arguments: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(arguments.len() + 128);
    let begin = format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"{}","params":{{"name":"{tool}","arguments":"#,
        method::CALL_TOOL
    );
    out.extend_from_slice(begin.as_bytes());
    out.extend_from_slice(arguments);
    out.extend_from_slice(b"}}");
    out
}

/// Says that the answer to a request is no longer awaited.
pub(crate) fn cancelled(id: u64) -> Vec<u8> {
    format!(
        r#"{{"jsonrpc":"2.0","method":"{}","params":{{"requestId":{id},"reason":"caller cancelled"}}}}"#,
        method::CANCELLED
    )
    .into_bytes()
}

/// What a client sent.
pub(crate) enum Message<'a> {
    Request(Request<'a>),
    Notification(Notification<'a>),
    /// An answer to a request of the server, which makes none.
    Response,
}

pub(crate) struct Request<'a> {
    pub(crate) id: Id,
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Params<'a>,
}

pub(crate) struct Notification<'a> {
    pub(crate) method: Cow<'a, str>,
    pub(crate) params: Params<'a>,
}

#[derive(Default)]
struct Envelope<'a> {
    jsonrpc: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<Object<Params<'a>>>,
    is_answer: bool,
}

impl<'a> Members<'a> for Envelope<'a> {
    const NAMES: &'static [&'static str] = &["jsonrpc", "id", "method", "params", "result", "error"];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        match place {
            0 => self.jsonrpc = Some(map.next_value()?),
            1 => self.id = Some(map.next_value()?),
            2 => self.method = Some(map.next_value()?),
            3 => self.params = Some(map.next_value()?),
            _ => {
                self.is_answer = true;
                map.next_value::<&RawValue>()?;
            }
        }
        Ok(())
    }
}

/// Reads a message.
pub(crate) fn read(body: &[u8]) -> Result<Message<'_>, MessageError> {
    let envelope = match parse(body).map_err(|error| {
        MessageError::new(
            code::PARSE_ERROR,
            format!("Parse error: the request is not JSON: {error}"),
        )
    })? {
        Object::Members(envelope) => envelope,
        Object::Other("a list") => {
            return Err(invalid(
                "it is a batch, which MCP no longer has; send each request by itself",
            ));
        }
        Object::Other(kind) => return Err(invalid(&format!("it must be an object, and is {kind}"))),
    };
    let Envelope {
        jsonrpc,
        id: raw_id,
        method,
        params,
        is_answer,
    } = envelope;
    let id = raw_id.and_then(Id::of);
    let refused = |problem: &str| Err(invalid(problem).with_id(id.clone()));
    match jsonrpc.and_then(string).as_deref() {
        Some("2.0") => {}
        _ if jsonrpc.is_none() => return refused("jsonrpc is missing, which must be \"2.0\""),
        _ => return refused("jsonrpc must be \"2.0\""),
    }
    let called = match method.map(string) {
        Some(Some(method)) => method,
        Some(None) => return refused("method must be a string"),
        None if is_answer => return Ok(Message::Response),
        None => return refused("method is missing"),
    };
    let params = match params {
        None | Some(Object::Other("null")) => Params::default(),
        Some(Object::Members(params)) => params,
        // What is wrong with the call of a tool is a matter of the tool: an error of JSON-RPC makes hosts end the connection.
        Some(Object::Other(_)) if called == method::CALL_TOOL => Params::default(),
        Some(Object::Other(kind)) => return refused(&format!("params must be an object, and is {kind}")),
    };
    match (id, raw_id) {
        (Some(id), _) => Ok(Message::Request(Request {
            id,
            method: called,
            params,
        })),
        (None, None) => Ok(Message::Notification(Notification {
            method: called,
            params,
        })),
        (None, Some(_)) => Err(invalid("id must be a string or a number")),
    }
}

fn parse(body: &[u8]) -> Result<Object<Envelope<'_>>, String> {
    // Checked once, and not string by string.
    let text = str::from_utf8(body).map_err(|error| error.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn invalid(problem: &str) -> MessageError {
    MessageError::new(
        code::INVALID_PARAMS,
        format!("Validation error: the request is not a JSON-RPC message of MCP: {problem}"),
    )
}

/// The id of a message in either direction, or of the beginning of one, if it can be read.
pub(crate) fn id_of(body: &[u8]) -> Option<Id> {
    struct IdVisitor<'a>(&'a mut Option<Id>);

    impl<'de> Visitor<'de> for IdVisitor<'_> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if key == "id" {
                    *self.0 = Id::of(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }

    let mut id = None;
    // The message may end anywhere behind it.
    let _ = serde_json::Deserializer::from_slice(body).deserialize_map(IdVisitor(&mut id));
    id
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wrong(body: &str) -> MessageError {
        match read(body.as_bytes()) {
            Err(error) => error,
            Ok(_) => panic!("{body} is right"),
        }
    }

    #[test]
    fn every_wrong_message_says_what_is_wrong_and_keeps_its_id() {
        const NOT_OF_MCP: &str = "the request is not a JSON-RPC message of MCP: ";
        for (body, code, id, says) in [
            ("", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("{", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("nonsense", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("[", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("{} {}", code::PARSE_ERROR, None, "the request is not JSON: "),
            ("[]", code::INVALID_PARAMS, None, "it is a batch"),
            (
                r#" [{"jsonrpc":"2.0"}]"#,
                code::INVALID_PARAMS,
                None,
                "it is a batch",
            ),
            ("7", code::INVALID_PARAMS, None, "and is a number"),
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
                r#"{"jsonrpc":2,"id":7,"method":"ping"}"#,
                code::INVALID_PARAMS,
                Some("7"),
                "jsonrpc must be",
            ),
            (
                r#"{"jsonrpc":"2.0","id":7}"#,
                code::INVALID_PARAMS,
                Some("7"),
                "method is missing",
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"method":{}}"#,
                code::INVALID_PARAMS,
                Some("7"),
                "method must be a string",
            ),
            (
                r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}"#,
                code::INVALID_PARAMS,
                Some("7"),
                "params must be an object, and is a list",
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
            assert_eq!(error.id.as_ref().map(Id::as_json), id, "{body}");
            let message = error.message.replace(NOT_OF_MCP, "");
            assert!(message.contains(says), "{body}: {message}");
        }
        let error = wrong(r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#);
        let answer: Value = serde_json::from_slice(&error.to_json()).unwrap();
        assert_eq!(answer["id"], 7);
        assert_eq!(answer["error"]["code"], code::INVALID_PARAMS);
    }

    #[test]
    fn a_request_is_read_with_what_is_known_and_the_last_of_two() {
        let body = r#"{"id":1,"more":[{"id":2}],"jsonrpc":"2.0","id":"\u0061","method":"tools\/call","params":{"name":"x",
            "name":"invoke_hook","_meta":{"progressToken":1},"arguments":{"payload":{"a":[1]},"other":null}}}"#;
        let Ok(Message::Request(request)) = read(body.as_bytes()) else {
            panic!("no request")
        };
        assert_eq!(request.id.as_json(), "\"a\"");
        assert_eq!(request.method, "tools/call");
        assert_eq!(request.params.name.map(RawValue::get), Some("\"invoke_hook\""));
        let arguments = request.params.arguments.unwrap().members();
        assert_eq!(arguments.payload.map(RawValue::get), Some(r#"{"a":[1]}"#));
        assert!(arguments.context.is_none());
    }

    #[test]
    fn ids_go_back_as_they_came() {
        for id in [
            "0",
            "-1",
            "1.5",
            "12345678901234567890123",
            "1e2",
            "\"\"",
            "\"a b\"",
            "\"\u{e9}\"",
        ] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let Ok(Message::Request(request)) = read(body.as_bytes()) else {
                panic!("{id}")
            };
            assert_eq!(request.id.as_json(), id);
            let error = MessageError::new(code::INTERNAL_ERROR, "no").with_id(Some(request.id));
            let answer = String::from_utf8(error.to_json()).unwrap();
            assert!(answer.contains(&format!("\"id\":{id},")), "{answer}");
        }
    }

    #[test]
    fn notifications_and_answers_are_no_requests() {
        let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        assert!(matches!(
            read(notification.as_bytes()),
            Ok(Message::Notification(_))
        ));
        for member in ["result", "error"] {
            let answer = json!({"jsonrpc": "2.0", "id": 1, member: {}}).to_string();
            assert!(matches!(read(answer.as_bytes()), Ok(Message::Response)));
        }
    }

    #[test]
    fn the_id_of_a_beginning_is_found() {
        let id = |body: &str| id_of(body.as_bytes()).map(|id| id.as_json().to_owned());
        assert_eq!(
            id(r#"{"jsonrpc":"2.0","id":7,"method":"tools/c"#),
            Some("7".to_owned())
        );
        assert_eq!(id(r#"{"jsonrpc":"2.0","id":{},"method":"#), None);
        assert_eq!(id(r#"{"jsonrpc":"2.0","me"#), None);
    }

    #[test]
    fn the_id_of_an_answer_is_found_before_the_result() {
        let id = |body: &[u8]| id_of(body).and_then(|id| id.number());
        assert_eq!(id(br#"{"jsonrpc":"2.0","id": 42,"result":{"con"#), Some(42));
        assert_eq!(id(br#"{"jsonrpc":"2.0","result":{"id":42,"#), None);
        assert_eq!(id(br#"{"id":"42","#), None);
    }
}
