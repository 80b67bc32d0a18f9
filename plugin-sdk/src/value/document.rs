//! Documents before they are read, in the form in which their transport carries them.

use bytes::Bytes;
use serde::Deserialize;

use super::long;
use crate::codec::{
    CodecError, decode_struct, json,
    message::Message,
    nesting::{JsonLevels, Levels, check_json},
};

/// A payload in the form in which its transport carries it.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Document<'a>(Content<'a>);

#[derive(Clone, Debug)]
enum Content<'a> {
    Struct {
        message: Message<'a>,
        /// The same bytes, where parts of them may be shared.
        shared: Option<&'a Bytes>,
        levels: Levels,
    },
    Json(&'a [u8], JsonLevels),
}

impl<'a> Document<'a> {
    pub(crate) fn of_struct(message: Message<'a>, levels: Levels) -> Self {
        Self(Content::Struct {
            message,
            shared: None,
            levels,
        })
    }

    /// A document of whose bytes large maps may keep a share rather than a copy.
    pub(crate) fn of_shared(bytes: &'a Bytes, levels: Levels) -> Self {
        Self(Content::Struct {
            message: Message::new(bytes),
            shared: Some(bytes),
            levels,
        })
    }

    pub(crate) fn of_json(text: &'a [u8], levels: JsonLevels) -> Self {
        Self(Content::Json(text, levels))
    }

    /// Reads the document into a type, which may borrow its strings from the document.
    ///
    /// # Errors
    ///
    /// When the document is malformed, too deep, or does not fit the type.
    pub fn decode<T: Deserialize<'a>>(&self) -> Result<T, CodecError> {
        match &self.0 {
            Content::Struct {
                message,
                shared,
                levels,
            } => decode_struct(message, *shared, *levels),
            Content::Json(text, levels) => {
                if check_json(text, *levels)?.has_long_integers
                    && let Some(value) = long::decode(text)
                {
                    return Ok(value);
                }
                json::read(text).map_err(|error| locate::<T>(text, error))
            }
        }
    }
}

/// Finds the keys that lead to a mistake, which costs too much to keep track of while there is none.
#[cold]
fn locate<'a, T: Deserialize<'a>>(text: &'a [u8], error: serde_json::Error) -> CodecError {
    let mut json = serde_json::Deserializer::from_slice(text);
    json.disable_recursion_limit();
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Err(located) if located.path().iter().len() > 0 => {
            let path = located.path().to_string();
            CodecError::from(located.into_inner()).in_key(&path)
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, collections::BTreeMap};

    use serde_json::json;

    use super::*;
    use crate::{
        codec::{from_struct, to_struct, wire::Slice, write_struct},
        value::Map,
    };

    #[derive(Debug, Deserialize, PartialEq)]
    struct Borrowed<'a> {
        text: &'a str,
        #[serde(borrow)]
        maybe: Option<Cow<'a, str>>,
        list: Vec<&'a str>,
        #[serde(borrow)]
        map: BTreeMap<&'a str, &'a [u8]>,
        #[serde(borrow)]
        shape: Shape<'a>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape<'a> {
        Named { name: &'a str },
    }

    #[test]
    fn strings_are_borrowed_from_the_document() {
        let bytes = to_struct(&json!({
            "text": "é", "maybe": "漢", "list": ["a", ""], "map": {"k": "bytes"}, "shape": {"Named": {"name": "n"}}
        }));
        let bytes = bytes.unwrap();
        let levels = Levels::of_objects(Levels::DEFAULT_OBJECTS);
        let read: Borrowed<'_> = Document::of_struct(Message::new(&bytes), levels)
            .decode()
            .unwrap();
        let expected = Borrowed {
            text: "é",
            maybe: Some("漢".into()),
            list: vec!["a", ""],
            map: BTreeMap::from([("k", b"bytes".as_slice())]),
            shape: Shape::Named { name: "n" },
        };
        assert_eq!(read, expected);
        assert!(bytes.as_ptr_range().contains(&read.text.as_ptr()));
    }

    #[test]
    fn a_document_may_come_in_pieces_and_as_deep_as_the_setting_goes() {
        let mut message = Message::new(&[]);
        let pieces = [
            to_struct(&json!({"a": {"b": 1}})),
            to_struct(&json!({"c": 2, "a": null})),
        ];
        let pieces = pieces.map(Result::unwrap);
        for piece in &pieces {
            message.merge(Slice::new(piece));
        }
        let levels = Levels::of_objects(Levels::DEFAULT_OBJECTS);
        let map: Map = Document::of_struct(message, levels).decode().unwrap();
        assert_eq!(serde_json::to_value(&map).unwrap(), json!({"a": null, "c": 2}));

        let deepest = (0..Levels::MAX_OBJECTS).fold(json!({}), |inside, _| json!({ "k": inside }));
        let levels = Levels::of_objects(u32::MAX);
        let mut out = Vec::new();
        let start = write_struct(&mut out, &deepest, 0x2a, levels).unwrap();
        let document = Document::of_struct(Message::new(&out[start..]), levels);
        assert_eq!(document.decode::<serde_json::Value>().unwrap(), deepest);
        assert_eq!(
            serde_json::to_value(document.decode::<Map>().unwrap()).unwrap(),
            deepest
        );
        assert!(from_struct::<Map>(&out[start..]).is_err());
    }
}
