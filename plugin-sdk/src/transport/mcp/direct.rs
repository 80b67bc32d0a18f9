//! The one request that hosts send all the time, read and answered without the library: a plain `tools/call` of `invoke_hook`.
//!
//! Nothing is decided here. Whatever is out of the ordinary about a request is the library's, which gets the same bytes: a member
//! that is not named below or is there twice, an id that the library would write in another way, text where an object is expected,
//! and of course everything that is wrong.

use std::{future::poll_fn, pin::pin};

use bytes::Bytes;
use rmcp::model::RequestId;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::tools::{ToolAnswer, Tools};
use crate::{
    codec::{object::Object, text::Text, wire::Slice},
    dispatch::{Invocation, guard},
};

/// The versions of the protocol whose requests and answers have the form that is known here.
const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// Whether requests of this version of the protocol may be answered directly.
pub(super) fn is_known(version: &str) -> bool {
    VERSIONS.contains(&version)
}

/// A plain call of a hook.
pub(super) struct DirectCall {
    id: Id,
    invocation: Invocation,
}

/// The id of a request, as its client wrote it: a whole number of at most 18 digits, or a string without escapes. There is only one
/// way to write either.
#[derive(Clone, Debug)]
pub(super) struct Id(Text);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    jsonrpc: &'a str,
    #[serde(borrow)]
    id: &'a RawValue,
    method: &'a str,
    #[serde(borrow)]
    params: Object<Params<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params<'a> {
    name: &'a str,
    #[serde(borrow)]
    arguments: Object<Arguments<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments<'a> {
    hook_type: &'a str,
    plugin_name: &'a str,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    context: &'a RawValue,
}

impl DirectCall {
    /// Reads a message. `None` leaves it to the library.
    pub(super) fn read(message: &Bytes) -> Option<Self> {
        // Checked once, and not string by string.
        let text = str::from_utf8(message).ok()?;
        let Object(request): Object<Message<'_>> = serde_json::from_str(text).ok()?;
        let Object(params) = request.params;
        let Object(arguments) = params.arguments;
        let is_plain = request.jsonrpc == "2.0"
            && request.method == "tools/call"
            && params.name == "invoke_hook"
            && is_plain_id(request.id.get())
            && arguments.payload.get().starts_with('{')
            && arguments.context.get().starts_with('{');
        if !is_plain {
            return None;
        }
        let part = |text: &str| message.slice_ref(text.as_bytes());
        let text = |text: &str| {
            let part = part(text);
            Text::part(&part, Slice::new(&part)).ok()
        };
        Some(Self {
            id: Id(text(request.id.get())?),
            invocation: Invocation::of_json(
                text(arguments.hook_type)?,
                text(arguments.plugin_name)?,
                part(arguments.payload.get()),
                part(arguments.context.get()),
            ),
        })
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    /// Calls the hook. The answer is the whole message.
    pub(super) async fn answer(self, tools: &Tools) -> Vec<u8> {
        let Self { id, invocation } = self;
        let mut call = pin!(tools.dispatcher().answer_json(invocation));
        match poll_fn(|task| guard::poll(call.as_mut(), task)).await {
            Ok(text) => message(&id, &text, false),
            Err(panic) => {
                let answer = ToolAnswer::panicked(&panic);
                message(&id, answer.texts.concat().as_bytes(), answer.is_error)
            }
        }
    }
}

fn is_plain_id(id: &str) -> bool {
    const DIGITS: usize = 18;
    if id.starts_with('"') {
        return !id.contains('\\');
    }
    let digits = id.strip_prefix('-').unwrap_or(id);
    digits.len() <= DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()) && id != "-0"
}

impl Id {
    pub(super) fn as_json(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn to_request_id(&self) -> RequestId {
        match self.as_json().parse() {
            Ok(number) => RequestId::Number(number),
            // Between its quotation marks is nothing but the string.
            Err(_) => RequestId::String(self.as_json().trim_matches('"').into()),
        }
    }

    pub(super) fn to_raw(&self) -> Option<Box<RawValue>> {
        RawValue::from_string(self.as_json().to_owned()).ok()
    }
}

/// The answer to a call whose tool has answered with a text.
fn message(id: &Id, text: &[u8], is_error: bool) -> Vec<u8> {
    let id = id.as_json().as_bytes();
    // JSON as a string: most of what grows are the quotation marks.
    let mut out = Vec::with_capacity(text.len() + text.len() / 4 + id.len() + 128);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id);
    out.extend_from_slice(b",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"");
    escape(&mut out, text);
    out.extend_from_slice(b"\"}],\"isError\":");
    out.extend_from_slice(if is_error { b"true" } else { b"false" });
    out.extend_from_slice(b"}}");
    out
}

/// Appends text as the inside of a JSON string.
fn escape(out: &mut Vec<u8>, mut text: &[u8]) {
    while let Some((plain, special, rest)) = split(text) {
        out.extend_from_slice(plain);
        match special {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let [high, low] = [control >> 4, control & 15].map(|digit| DIGITS[usize::from(digit)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
        }
        text = rest;
    }
    out.extend_from_slice(text);
}

/// What comes before the first byte that must be escaped, that byte, and what comes after it.
fn split(text: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let (words, _) = text.as_chunks::<8>();
    // Long text has few of them.
    let plain = 8 * words.iter().take_while(|word| !has_special(**word)).count();
    let at = plain + text[plain..].iter().position(|byte| is_special(*byte))?;
    Some((&text[..at], text[at], &text[at + 1..]))
}

fn is_special(byte: u8) -> bool {
    byte < b' ' || matches!(byte, b'"' | b'\\')
}

/// Whether one of the bytes must be escaped.
fn has_special(word: [u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let word = u64::from_ne_bytes(word);
    // A byte without its high bit is zero if subtracting one sets it.
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let controls = word.wrapping_sub(ONES * u64::from(b' ')) & !word & HIGH;
    let equal = |byte: u8| has_zero(word ^ (ONES * u64::from(byte)));
    controls | equal(b'"') | equal(b'\\') != 0
}

#[cfg(test)]
mod tests {
    use rmcp::model::ProtocolVersion;
    use serde_json::{Value, json};

    use super::*;
    use crate::dispatch::{Payload, RawContext};

    fn read(message: &str) -> Option<DirectCall> {
        DirectCall::read(&Bytes::copy_from_slice(message.as_bytes()))
    }

    fn plain() -> Value {
        json!({
            "jsonrpc": "2.0", "id": 7, "method": "tools/call",
            "params": {"name": "invoke_hook", "arguments": {
                "hook_type": "tool_pre_invoke", "plugin_name": "Words", "payload": {"name": "t"}, "context": {},
            }},
        })
    }

    #[test]
    fn what_hosts_send_is_read_without_a_copy() {
        let message = Bytes::from(plain().to_string());
        let call = DirectCall::read(&message).unwrap();
        assert_eq!(call.id.as_json(), "7");
        assert_eq!(call.invocation.hook_type.as_str(), "tool_pre_invoke");
        assert_eq!(call.invocation.plugin_name.as_str(), "Words");
        let (Payload::Json(payload), RawContext::Json(context)) =
            (&call.invocation.payload, &call.invocation.context)
        else {
            panic!("not JSON")
        };
        assert_eq!(
            (&payload[..], &context[..]),
            (&br#"{"name":"t"}"#[..], &b"{}"[..])
        );
        assert!(message.as_ptr_range().contains(&payload.as_ptr()));
    }

    #[test]
    fn whatever_is_out_of_the_ordinary_is_left_to_the_library() {
        let changed = |pointer: &str, key: &str, value: Value| {
            let mut message = plain();
            message.pointer_mut(pointer).unwrap()[key] = value;
            message.to_string()
        };
        let arguments = "/params/arguments";
        for message in [
            changed("", "jsonrpc", "1.0".into()),
            changed("", "method", "ping".into()),
            changed("", "_meta", json!({})),
            changed("", "params", json!(["invoke_hook", {}])),
            changed("/params", "_meta", json!({"progressToken": 1})),
            changed("/params", "name", "get_plugin_config".into()),
            changed("/params", "arguments", Value::Null),
            changed(arguments, "another", 1.into()),
            changed(arguments, "payload", "{}".into()),
            changed(arguments, "payload", Value::Null),
            changed(arguments, "context", json!([])),
            changed(arguments, "hook_type", 1.into()),
            changed(arguments, "plugin_name", "a\"b".into()),
            plain().to_string().replace("\"id\":7,", ""),
            plain().to_string().replace("\"id\":7", "\"id\":7,\"id\":7"),
            plain()
                .to_string()
                .replace("\"payload\"", "\"context\":{},\"payload\""),
            format!("[{}]", plain()),
            format!("{} x", plain()),
            format!("\u{feff}{}", plain()),
            json!(["2.0", 7, "tools/call", plain()["params"]]).to_string(),
        ] {
            assert!(read(&message).is_none(), "{message}");
        }
        for (id, is_plain) in [
            ("0", true),
            ("-1", true),
            ("\"\"", true),
            ("\"é 7\"", true),
            ("123456789012345678", true),
            ("1234567890123456789", false),
            ("-0", false),
            ("1.0", false),
            ("1e2", false),
            ("\"\\u0061\"", false),
            ("null", false),
            ("true", false),
            ("[7]", false),
        ] {
            let message = plain().to_string().replace("\"id\":7", &format!("\"id\":{id}"));
            assert_eq!(read(&message).is_some(), is_plain, "{id}");
        }
    }

    #[test]
    fn the_answer_holds_any_text() {
        let id = read(&plain().to_string()).unwrap().id;
        let every: String = (0..0x180).filter_map(char::from_u32).collect();
        for start in 0..17 {
            for end in [every.len(), 60, 41, 34, 33] {
                let text = every.get(start..end.max(start)).unwrap_or(&every);
                let answer: Value =
                    serde_json::from_slice(&super::message(&id, text.as_bytes(), start == 3)).unwrap();
                let expected = json!({
                    "jsonrpc": "2.0", "id": 7,
                    "result": {"content": [{"type": "text", "text": text}], "isError": start == 3},
                });
                assert_eq!(answer, expected);
            }
        }
        let answer = super::message(&id, every.as_bytes(), false);
        assert!(answer.iter().all(|byte| *byte >= b' '), "one line");
    }

    #[test]
    fn the_versions_are_those_of_the_library_that_begin_with_a_handshake() {
        let of_library = ProtocolVersion::KNOWN_VERSIONS
            .iter()
            .filter(|it| it.has_initialize());
        assert!(of_library.map(ProtocolVersion::as_str).eq(VERSIONS));
        assert!(!is_known("2026-07-28"));
    }
}
