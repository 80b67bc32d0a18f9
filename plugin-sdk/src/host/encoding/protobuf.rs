//! The messages of `plugin_service.proto`, from the host's side.

use bytes::Bytes;

use super::Answer;
use crate::{
    codec::{
        CodecError, Document, Writing,
        merged::Merged,
        message::Message,
        nesting::Nesting,
        text::{Text, part},
        wire::{LENGTH_DELIMITED, Reader, Slice, WireType, put_bytes, tag},
    },
    context::PluginContext,
    denial_metadata::{DenialMetadata, DenialMetric},
    host::{call::HookCall, error::ReportedError, reply::HookReply, transport::Encoding},
    value::Map,
};

/// Codes of the servers' own errors ([protocol, section
/// 8.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#81-errors)).
#[cfg(any(feature = "unix", feature = "mcp"))]
pub(crate) use crate::dispatch::code::STOPPING as SHUTTING_DOWN;
pub(crate) use crate::dispatch::code::{TOO_LARGE as MESSAGE_TOO_LARGE, UNKNOWN_MESSAGE};

const fn field(number: u8) -> u8 {
    tag(number, LENGTH_DELIMITED)
}

/// An `InvokeHookRequest`.
pub(crate) fn invoke_hook(
    plugin_name: &str,
    call: &HookCall<'_>,
    nesting: Nesting,
) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(512);
    let writing = Writing::of_host(nesting.levels);
    put_bytes(&mut out, field(1), call.hook().as_bytes());
    put_bytes(&mut out, field(2), plugin_name.as_bytes());
    call.payload()
        .write_struct(&mut out, field(3), writing)
        .map_err(|error| error.in_key("payload"))?;
    call.context()
        .write(&mut out, field(4), writing)
        .map_err(|error| error.in_key("context"))?;
    Ok(out)
}

/// A `GetPluginConfigRequest`.
pub(crate) fn get_plugin_config(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 2);
    put_bytes(&mut out, field(1), name.as_bytes());
    out
}

/// A `GetPluginConfigResponse`.
pub(super) fn plugin_config(answer: &[u8], nesting: Nesting) -> Result<Option<Map>, CodecError> {
    let mut found = false;
    let mut config = Message::EMPTY;
    let mut reader = Reader::new(Slice::new(answer));
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (1, WireType::Varint) => found = reader.varint()? != 0,
            (2, WireType::Bytes) => config.merge(reader.bytes()?),
            _ => reader.skip(number, wire_type)?,
        }
    }
    if !found {
        return Ok(None);
    }
    Document::of_struct(config, nesting.levels).decode().map(Some)
}

/// A `HealthCheckResponse`.
pub(super) fn health(answer: &[u8]) -> Result<bool, CodecError> {
    const SERVING: u64 = 1;
    let mut status = 0;
    let mut reader = Reader::new(Slice::new(answer));
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (1, WireType::Varint) => status = reader.varint()?,
            _ => reader.skip(number, wire_type)?,
        }
    }
    Ok(status == SERVING)
}

/// A `HealthCheckResponse` of a server that is up.
pub(crate) fn serving() -> Bytes {
    const SERVING: [u8; 2] = [tag(1, 0), 1];
    Bytes::from_static(&SERVING)
}

/// Whether an `InvokeHookResponse` says that the request is none that the server knows.
pub(crate) fn is_unknown_message(answer: &Bytes) -> bool {
    let answer = self::answer(answer, Nesting::DEFAULT);
    matches!(answer, Ok((_, Err(error))) if error.code == UNKNOWN_MESSAGE)
}

/// A `PluginError` on its own.
pub(crate) fn plugin_error(message: &Bytes) -> Result<ReportedError, CodecError> {
    reported(message, Nesting::DEFAULT)
}

/// Whether an `InvokeHookResponse` names this plugin, for a transport on which nothing else tells whose answer it is. An error
/// may be without a name.
pub(crate) fn is_of(answer: &[u8], plugin_name: &str) -> bool {
    let mut reader = Reader::new(Slice::new(answer));
    let mut name = Slice::default();
    while let Ok(Some((number, wire_type))) = reader.tag() {
        match (number, wire_type) {
            (1, WireType::Bytes) => match reader.bytes() {
                Ok(slice) => name = slice,
                Err(_) => return false,
            },
            _ if reader.skip(number, wire_type).is_err() => return false,
            _ => {}
        }
    }
    name.bytes.is_empty() || name.bytes == plugin_name.as_bytes()
}

/// An `InvokeHookResponse`, and the plugin that it is of.
pub(crate) fn answer(answer: &Bytes, nesting: Nesting) -> Result<(String, Answer), CodecError> {
    let mut plugin_name = Text::default();
    let mut result: Option<Merged> = None;
    let (mut context, mut error, mut base) = (None::<Merged>, None::<Merged>, Merged::default());
    let mut reader = Reader::new(Slice::new(answer));
    while let Some((number, wire_type)) = reader.tag()? {
        let into = match (number, wire_type) {
            (1, WireType::Bytes) => {
                plugin_name = Text::part(answer, reader.bytes()?)?;
                continue;
            }
            (2, WireType::Bytes) => result.get_or_insert_default(),
            (3, WireType::Bytes) => context.get_or_insert_default(),
            (4, WireType::Bytes) => error.get_or_insert_default(),
            (5, WireType::Bytes) => &mut base,
            _ => {
                reader.skip(number, wire_type)?;
                continue;
            }
        };
        into.merge(part(answer, reader.bytes()?));
    }
    let plugin_name = plugin_name.as_str().to_owned();
    if let Some(error) = error {
        let error = reported(&error.into_bytes(), nesting).map_err(|error| error.in_key("error"))?;
        // Hosts overlook an error that says nothing.
        if !error.message.is_empty() {
            return Ok((plugin_name, Err(error)));
        }
    }
    let Some(result) = result else {
        return Err(CodecError::new("it has neither a result nor an error"));
    };
    let context = context
        .map(|context| PluginContext::of_wire(context.into_bytes(), nesting.levels))
        .transpose()
        .map_err(|error| error.in_key("context"))?;
    let reply = HookReply {
        encoding: Encoding::Protobuf,
        result: result.into_bytes(),
        denial_metadata: denial_metadata(&base.into_bytes()).map_err(|error| error.in_key("result_base"))?,
        context: context.map(Box::new),
        nesting,
    };
    Ok((plugin_name, Ok(reply)))
}

/// A `PluginError`.
fn reported(message: &Bytes, nesting: Nesting) -> Result<ReportedError, CodecError> {
    let mut error = ReportedError::default();
    let mut details = Message::EMPTY;
    let mut reader = Reader::new(Slice::new(message));
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (1, WireType::Bytes) => reader.bytes()?.utf8()?.clone_into(&mut error.message),
            (2, WireType::Bytes) => reader.bytes()?.utf8()?.clone_into(&mut error.plugin_name),
            (3, WireType::Bytes) => reader.bytes()?.utf8()?.clone_into(&mut error.code),
            (4, WireType::Bytes) => details.merge(reader.bytes()?),
            (5, WireType::Varint) => {
                #[expect(clippy::cast_possible_truncation, reason = "an int32 is the lower half")]
                let code = reader.varint()?.cast_signed() as i32;
                error.mcp_error_code = code;
            }
            _ => reader.skip(number, wire_type)?,
        }
    }
    error.details = Document::of_struct(details, nesting.levels)
        .decode()
        .map_err(|error| error.in_key("details"))?;
    Ok(error)
}

/// The denial metadata of a `PluginResultBase`.
fn denial_metadata(base: &[u8]) -> Result<Option<DenialMetadata>, CodecError> {
    let mut metadata: Option<DenialMetadata> = None;
    let mut reader = Reader::new(Slice::new(base));
    while let Some((number, wire_type)) = reader.tag()? {
        if (number, wire_type) != (4, WireType::Bytes) {
            reader.skip(number, wire_type)?;
            continue;
        }
        let metadata = metadata.get_or_insert_default();
        let mut fields = Reader::new(reader.bytes()?);
        while let Some((number, wire_type)) = fields.tag()? {
            match (number, wire_type) {
                (1, WireType::Bytes) => {
                    if let (key, Some(metric)) = denial_metric(fields.bytes()?)? {
                        metadata.insert(key, metric);
                    }
                }
                _ => fields.skip(number, wire_type)?,
            }
        }
    }
    Ok(metadata.map(DenialMetadata::into_accepted))
}

/// An entry of `DenialMetadata.fields`.
fn denial_metric(entry: Slice<'_>) -> Result<(&str, Option<DenialMetric>), CodecError> {
    let (mut key, mut metric) = ("", None);
    let mut reader = Reader::new(entry);
    while let Some((number, wire_type)) = reader.tag()? {
        match (number, wire_type) {
            (1, WireType::Bytes) => key = reader.bytes()?.utf8()?,
            (2, WireType::Bytes) => {
                let mut value = Reader::new(reader.bytes()?);
                while let Some((number, wire_type)) = value.tag()? {
                    metric = Some(match (number, wire_type) {
                        (1, WireType::Varint) => DenialMetric::Boolean(value.varint()? != 0),
                        (2, WireType::Varint) => {
                            let zigzag = value.varint()?;
                            DenialMetric::Integer((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
                        }
                        (3, WireType::Fixed64) => DenialMetric::Floating(value.double()?),
                        _ => {
                            value.skip(number, wire_type)?;
                            continue;
                        }
                    });
                }
            }
            _ => reader.skip(number, wire_type)?,
        }
    }
    Ok((key, metric))
}
