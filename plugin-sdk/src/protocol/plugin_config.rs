//! `GetPluginConfigRequest`, `GetPluginConfigResponse` and `GetPluginConfigsResponse`: what a server says of its plugins.

use bytes::Bytes;
use serde_json::json;

use crate::{
    codec::{
        CodecError, Encoding,
        message::Message,
        nesting::Nesting,
        text::Text,
        wire::{Reader, Slice, WireType, put_bytes, tag},
    },
    value::{Document, Map},
};

/// The field of `GetPluginConfigRequest`.
pub(super) const NAME: u32 = 1;

/// Fields of `GetPluginConfigResponse`.
const FOUND: u32 = 1;
const CONFIG: u32 = 2;

/// The field of `GetPluginConfigsResponse`.
const CONFIGS: u32 = 1;

/// The names of modes that a host knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    Current,
    Older,
}

/// What a server without the plugin answers in JSON.
pub(crate) const NOT_FOUND_JSON: &str = "{}";

/// The request for the configuration of a plugin.
pub(crate) fn write_request(encoding: Encoding, name: &str) -> Bytes {
    match encoding {
        Encoding::Protobuf => {
            let mut out = Vec::with_capacity(name.len() + 2);
            put_bytes(&mut out, tag(NAME, WireType::Bytes), name.as_bytes());
            out.into()
        }
        Encoding::Json => json!({ "name": name }).to_string().into(),
    }
}

/// Reads the name in a request of protobuf.
pub(crate) fn read_request(message: &Bytes) -> Result<Text, CodecError> {
    let mut name = Text::default();
    let mut reader = Reader::new(Slice::new(message));
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (NAME, WireType::Bytes) => name = Text::part(message, reader.bytes()?)?,
            _ => reader.skip(number, wire_type)?,
        }
    }
    Ok(name)
}

/// The answer with a configuration that is a `Struct` already, or with none.
pub(crate) fn write_response(config: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(config) = config {
        out.extend_from_slice(&[tag(FOUND, WireType::Varint), 1]);
        put_bytes(&mut out, tag(CONFIG, WireType::Bytes), config);
    }
    out
}

/// The answer with the configurations of all plugins.
pub(crate) fn write_all<'a>(configs: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for config in configs {
        put_bytes(&mut out, tag(CONFIGS, WireType::Bytes), config);
    }
    out
}

/// Reads the answer: `None` if the server has no such plugin.
pub(crate) fn read_response(
    encoding: Encoding,
    message: &[u8],
    nesting: Nesting,
) -> Result<Option<Map>, CodecError> {
    if encoding == Encoding::Json {
        let config: Map = Document::of_json(message, nesting.json).decode()?;
        return Ok((!config.is_empty()).then_some(config));
    }
    let mut found = false;
    let mut config = Message::EMPTY;
    let mut reader = Reader::new(Slice::new(message));
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (FOUND, WireType::Varint) => found = reader.varint()? != 0,
            (CONFIG, WireType::Bytes) => config.merge(reader.bytes()?),
            _ => reader.skip(number, wire_type)?,
        }
    }
    if !found {
        return Ok(None);
    }
    Document::of_struct(config, nesting.levels).decode().map(Some)
}
