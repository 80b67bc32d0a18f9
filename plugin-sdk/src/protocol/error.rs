//! `PluginError`: an error as servers report it and hosts read it ([protocol, section
//! 8.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#81-errors)).

use std::fmt::{self, Write as _};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    codec::{
        CodecError,
        message::Message,
        nesting::{JsonLevels, Levels},
        wire::{Reader, Slice, WireType, put_bytes, put_varint, tag},
        write_json, write_struct,
    },
    error::INTERNAL_ERROR,
    repeated::limited,
    setters::setters,
    value::{Document, Map},
    visible::Visible,
};

const MESSAGE: u32 = 1;
const PLUGIN_NAME: u32 = 2;
const CODE: u32 = 3;
const DETAILS: u32 = 4;
const MCP_ERROR_CODE: u32 = 5;

/// An error as the server reported it ([protocol, section
/// 8.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#81-errors)).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReportedError {
    /// What went wrong.
    pub message: String,
    /// The plugin it went wrong in, as the server calls it.
    pub plugin_name: String,
    /// A code for programs; empty if there is none.
    #[serde(default, deserialize_with = "or_default")]
    pub code: String,
    /// Whatever helps to understand the error.
    #[serde(default, deserialize_with = "or_default")]
    pub details: Map,
    /// The code of the JSON-RPC error that a gateway answers with.
    #[serde(default = "internal_error")]
    pub mcp_error_code: i32,
}

setters! {
    ReportedError {
        with_code(code: String);
        with_details(details: Map);
        with_mcp_error_code(mcp_error_code: i32);
    }
}

/// Hosts take null for what is missing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What hosts take for a code that is missing; on protobuf it is 0.
fn internal_error() -> i32 {
    INTERNAL_ERROR
}

/// What the server says is shown in one line, with control characters as `\u{1b}`.
impl fmt::Display for ReportedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let formatter = &mut Visible(formatter);
        formatter.write_str(&self.message)?;
        if !self.code.is_empty() {
            write!(formatter, " ({})", self.code)?;
        }
        Ok(())
    }
}

impl ReportedError {
    /// An error with this message, no code, no details, and the MCP error code -32603.
    pub fn new(plugin_name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            plugin_name: plugin_name.into(),
            mcp_error_code: INTERNAL_ERROR,
            ..Self::default()
        }
    }

    /// Appends the fields of the message. Details that can't be sent are left out.
    pub(crate) fn write(&self, out: &mut Vec<u8>, levels: Levels) {
        put_bytes(out, tag(MESSAGE, WireType::Bytes), self.message.as_bytes());
        if !self.plugin_name.is_empty() {
            put_bytes(
                out,
                tag(PLUGIN_NAME, WireType::Bytes),
                self.plugin_name.as_bytes(),
            );
        }
        if !self.code.is_empty() {
            put_bytes(out, tag(CODE, WireType::Bytes), self.code.as_bytes());
        }
        if !self.details.is_empty() {
            let start = out.len();
            if let Err(unsendable) = write_struct(out, &self.details, tag(DETAILS, WireType::Bytes), levels) {
                out.truncate(start);
                left_out(&unsendable);
            }
        }
        if self.mcp_error_code != 0 {
            out.push(tag(MCP_ERROR_CODE, WireType::Varint));
            // Protobuf writes a negative int32 as the 64-bit number that it is equal to.
            put_varint(out, i64::from(self.mcp_error_code).cast_unsigned());
        }
    }

    /// Reads the message.
    pub(crate) fn read(message: &Bytes, levels: Levels) -> Result<Self, CodecError> {
        let mut error = Self::default();
        let mut details = Message::EMPTY;
        let mut reader = Reader::new(Slice::new(message));
        while let Some((number, wire_type)) = reader.tag()? {
            match (number, wire_type) {
                (MESSAGE, WireType::Bytes) => reader.bytes()?.utf8()?.clone_into(&mut error.message),
                (PLUGIN_NAME, WireType::Bytes) => {
                    reader.bytes()?.utf8()?.clone_into(&mut error.plugin_name);
                }
                (CODE, WireType::Bytes) => reader.bytes()?.utf8()?.clone_into(&mut error.code),
                (DETAILS, WireType::Bytes) => details.merge(reader.bytes()?),
                (MCP_ERROR_CODE, WireType::Varint) => {
                    #[expect(clippy::cast_possible_truncation, reason = "an int32 is the lower half")]
                    let code = reader.varint()?.cast_signed() as i32;
                    error.mcp_error_code = code;
                }
                _ => reader.skip(number, wire_type)?,
            }
        }
        error.details = Document::of_struct(details, levels)
            .decode()
            .map_err(|error| error.in_key("details"))?;
        Ok(error)
    }

    /// Appends the error as JSON. Details that can't be sent are left out.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>, levels: JsonLevels) -> Result<(), CodecError> {
        write_json(out, self, levels).or_else(|unsendable| {
            left_out(&unsendable);
            let error = Self {
                details: Map::new(),
                ..self.clone()
            };
            write_json(out, &error, levels)
        })
    }

    /// Reads the error from JSON.
    pub(crate) fn read_json(text: &[u8], levels: JsonLevels) -> Result<Self, CodecError> {
        Document::of_json(text, levels.in_result()).decode()
    }
}

fn left_out(unsendable: &CodecError) {
    limited!(warn, "the details of an error are left out"; error = %unsendable);
}
