//! Ids that the library can't hold: another one stands for them while it has the message.

use bytes::Bytes;
use serde_json::value::RawValue;

/// An id that another stands for.
#[derive(Debug)]
pub(super) struct OddId {
    /// The message with the id as a string.
    pub(super) message: Bytes,
    id: Box<RawValue>,
}

impl OddId {
    /// The message with a string for its id; `None` where the id is no number.
    pub(super) fn of(body: &Bytes, id: &RawValue) -> Option<Self> {
        let text = id.get();
        if !is_number(id) {
            return None;
        }
        let start = text.as_ptr() as usize - body.as_ptr() as usize;
        let mut message = Vec::with_capacity(body.len() + 2);
        message.extend_from_slice(&body[..start]);
        message.push(b'"');
        message.extend_from_slice(text.as_bytes());
        message.push(b'"');
        message.extend_from_slice(&body[start + text.len()..]);
        Some(Self {
            message: message.into(),
            id: id.to_owned(),
        })
    }

    /// Puts the id back into the answer.
    pub(super) fn restore(&self, answer: &[u8]) -> Vec<u8> {
        let id = self.id.get();
        let stand_in = format!("\"id\":\"{id}\"");
        // The library writes the id before anything of the client's or the plugin's.
        let found = answer
            .windows(stand_in.len())
            .position(|part| part == stand_in.as_bytes());
        let Some(at) = found else { return answer.to_vec() };
        [
            &answer[..at],
            b"\"id\":",
            id.as_bytes(),
            &answer[at + stand_in.len()..],
        ]
        .concat()
    }
}

/// Whether an id is a number.
pub(super) fn is_number(id: &RawValue) -> bool {
    id.get()
        .starts_with(|first: char| first == '-' || first.is_ascii_digit())
}
