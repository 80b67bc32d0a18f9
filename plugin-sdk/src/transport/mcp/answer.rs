//! Writing answers.

use std::io::Write;

use super::{id::Id, message::MessageError, revision::Revision, tools::ToolAnswer};

/// An answer as it goes to the client.
#[derive(Debug)]
pub(super) struct Answer {
    /// The whole message.
    pub(super) body: Vec<u8>,
    /// The code of the error that it is.
    pub(super) error: Option<i32>,
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
    pub(super) fn of_result(id: &Id, result: &str) -> Self {
        let mut body = begin(id, result.len());
        body.extend_from_slice(result.as_bytes());
        end(body)
    }

    /// The answer to a call of a tool that has answered with one text.
    pub(super) fn of_text(id: &Id, text: &[u8], revision: Revision) -> Self {
        Self::of_texts(id, &[text], None, false, revision)
    }

    /// The answer to a call of a tool.
    pub(super) fn of_tool(id: &Id, answer: &ToolAnswer, revision: Revision) -> Self {
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
}
