//! Messages of JSON-RPC as MCP has them: what a client sent, and errors.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    id::Id,
    json::{Members, Object, string},
};

/// Codes of errors in JSON-RPC and MCP.
pub(super) mod code {
    pub(in super::super) const PARSE_ERROR: i32 = -32700;
    pub(in super::super) const INVALID_REQUEST: i32 = -32600;
    pub(in super::super) const METHOD_NOT_FOUND: i32 = -32601;
    pub(in super::super) const INVALID_PARAMS: i32 = -32602;
    pub(in super::super) const INTERNAL_ERROR: i32 = -32603;
    /// A header of HTTP is missing, or says something else than the body.
    pub(in super::super) const HEADER_MISMATCH: i32 = -32020;
    pub(in super::super) const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;
}

/// What a client sent.
pub(super) enum Message<'a> {
    Request(Request<'a>),
    Notification(Notification<'a>),
    /// An answer to a request of the server, which makes none.
    Response,
}

pub(super) struct Request<'a> {
    pub(super) id: Id,
    pub(super) method: Cow<'a, str>,
    pub(super) params: Params<'a>,
}

pub(super) struct Notification<'a> {
    pub(super) method: Cow<'a, str>,
    pub(super) params: Params<'a>,
}

/// The parameters that some method of ours has.
#[derive(Clone, Default)]
pub(super) struct Params<'a> {
    /// Of a tool or a prompt.
    pub(super) name: Option<&'a RawValue>,
    pub(super) arguments: Option<Object<Arguments<'a>>>,
    pub(super) meta: Option<Object<Meta<'a>>>,
    pub(super) protocol_version: Option<&'a RawValue>,
    pub(super) capabilities: Option<&'a RawValue>,
    pub(super) client_info: Option<Object<ClientInfo<'a>>>,
    /// Of the request that a client cancels.
    pub(super) request_id: Option<&'a RawValue>,
    /// Of a resource.
    pub(super) uri: Option<&'a RawValue>,
}

/// The arguments that some tool of ours has.
#[derive(Clone, Copy, Default)]
pub(super) struct Arguments<'a> {
    pub(super) name: Option<&'a RawValue>,
    pub(super) hook_type: Option<&'a RawValue>,
    pub(super) plugin_name: Option<&'a RawValue>,
    pub(super) payload: Option<&'a RawValue>,
    pub(super) context: Option<&'a RawValue>,
}

/// What a client says of itself with each request, from revision 2026-07-28 on.
#[derive(Clone, Copy, Default)]
pub(super) struct Meta<'a> {
    pub(super) protocol_version: Option<&'a RawValue>,
    pub(super) client_capabilities: Option<&'a RawValue>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct ClientInfo<'a> {
    pub(super) name: Option<&'a RawValue>,
    pub(super) version: Option<&'a RawValue>,
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

impl<'a> Members<'a> for Params<'a> {
    const NAMES: &'static [&'static str] = &[
        "name",
        "arguments",
        "_meta",
        "protocolVersion",
        "capabilities",
        "clientInfo",
        "requestId",
        "uri",
    ];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        match place {
            0 => self.name = Some(map.next_value()?),
            1 => self.arguments = Some(map.next_value()?),
            2 => self.meta = Some(map.next_value()?),
            3 => self.protocol_version = Some(map.next_value()?),
            4 => self.capabilities = Some(map.next_value()?),
            5 => self.client_info = Some(map.next_value()?),
            6 => self.request_id = Some(map.next_value()?),
            _ => self.uri = Some(map.next_value()?),
        }
        Ok(())
    }
}

impl<'a> Members<'a> for Arguments<'a> {
    const NAMES: &'static [&'static str] = &["hook_type", "plugin_name", "payload", "context", "name"];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        let value = Some(map.next_value()?);
        match place {
            0 => self.hook_type = value,
            1 => self.plugin_name = value,
            2 => self.payload = value,
            3 => self.context = value,
            _ => self.name = value,
        }
        Ok(())
    }
}

impl<'a> Members<'a> for Meta<'a> {
    const NAMES: &'static [&'static str] = &[
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientCapabilities",
    ];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        let value = Some(map.next_value()?);
        match place {
            0 => self.protocol_version = value,
            _ => self.client_capabilities = value,
        }
        Ok(())
    }
}

impl<'a> Members<'a> for ClientInfo<'a> {
    const NAMES: &'static [&'static str] = &["name", "version"];

    fn read<A: MapAccess<'a>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error> {
        let value = Some(map.next_value()?);
        match place {
            0 => self.name = value,
            _ => self.version = value,
        }
        Ok(())
    }
}

/// An error of JSON-RPC.
#[derive(Debug)]
pub(super) struct MessageError {
    pub(super) code: i32,
    /// Of the request, if that much could be read.
    pub(super) id: Option<Id>,
    pub(super) message: String,
    pub(super) data: Option<Box<Data>>,
}

/// What an error says to clients that are programs.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Data {
    /// A code as in an error of a plugin.
    Reason { code: &'static str },
    /// The versions of the protocol that there are, and the one that was asked for.
    Versions {
        supported: &'static [&'static str],
        requested: String,
    },
    /// The resource that there is not.
    Resource { uri: String },
}

impl MessageError {
    pub(super) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            id: None,
            message: message.into(),
            data: None,
        }
    }

    pub(super) fn with_id(mut self, id: Option<Id>) -> Self {
        self.id = id;
        self
    }

    pub(super) fn with_data(mut self, data: Data) -> Self {
        self.data = Some(Box::new(data));
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
            data: Option<&'a Data>,
        }

        let id = self.id.as_ref();
        let answer = Answer {
            jsonrpc: "2.0",
            id: id.and_then(|id| serde_json::from_str(id.as_json()).ok()),
            error: Error {
                code: self.code,
                message: &self.message,
                data: self.data.as_deref(),
            },
        };
        serde_json::to_vec(&answer).unwrap_or_default()
    }
}

/// Reads a message.
pub(super) fn read(body: &[u8]) -> Result<Message<'_>, MessageError> {
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
    let method = match method.map(string) {
        Some(Some(method)) => method,
        Some(None) => return refused("method must be a string"),
        None if is_answer => return Ok(Message::Response),
        None => return refused("method is missing"),
    };
    let params = match params {
        None | Some(Object::Other("null")) => Params::default(),
        Some(Object::Members(params)) => params,
        // What is wrong with the call of a tool is a matter of the tool: an error of JSON-RPC makes hosts end the connection.
        Some(Object::Other(_)) if method == "tools/call" => Params::default(),
        Some(Object::Other(kind)) => return refused(&format!("params must be an object, and is {kind}")),
    };
    match (id, raw_id) {
        (Some(id), _) => Ok(Message::Request(Request { id, method, params })),
        (None, None) => Ok(Message::Notification(Notification { method, params })),
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

/// The id of a message, or of the beginning of one, if it can be read.
pub(super) fn id_of(body: &[u8]) -> Option<Id> {
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
}
