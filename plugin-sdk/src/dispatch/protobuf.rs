//! Calls and configurations as protobuf messages, for gRPC and the Unix socket.

use bytes::Bytes;

use super::{
    Answer, AnswerLimit, Dispatcher, ErrorAnswer, Invocation, RawContext, Vocabulary, call::Payload,
};
use crate::{
    codec::{
        CodecError, Writing,
        merged::Merged,
        nesting::Levels,
        text::{Text, part},
        wire::{
            LENGTH_DELIMITED, Reader, Slice, WireType, begin_message, end_message, put_bytes, put_varint, tag,
        },
        write_struct,
    },
    denial_metadata::{DenialMetadata, DenialMetric},
    repeated::limited,
};

const fn field(number: u8) -> u8 {
    tag(number, LENGTH_DELIMITED)
}

/// The fields of every request, of whatever type. What is missing is empty, as protobuf has it.
#[derive(Default)]
pub(crate) struct RequestFields {
    /// `InvokeHookRequest.hook_type`, or `GetPluginConfigRequest.name`.
    pub(crate) first: Text,
    /// `InvokeHookRequest.plugin_name`.
    pub(crate) second: Text,
    payload: Merged,
    context: Merged,
}

impl RequestFields {
    /// Scans the top level of a request.
    pub(crate) fn read(message: &Bytes) -> Result<Self, CodecError> {
        let mut fields = Self::default();
        let mut reader = Reader::new(Slice::new(message));
        while let Some((number, wire_type)) = reader.tag()? {
            match (number, wire_type) {
                (1, WireType::Bytes) => fields.first = Text::part(message, reader.bytes()?)?,
                (2, WireType::Bytes) => fields.second = Text::part(message, reader.bytes()?)?,
                (3, WireType::Bytes) => fields.payload.merge(part(message, reader.bytes()?)),
                (4, WireType::Bytes) => fields.context.merge(part(message, reader.bytes()?)),
                _ => reader.skip(number, wire_type)?,
            }
        }
        Ok(fields)
    }

    pub(crate) fn into_invocation(self) -> Invocation {
        Invocation {
            hook_type: self.first,
            plugin_name: self.second,
            payload: Payload::Struct(self.payload.into_bytes()),
            context: RawContext::Wire(self.context.into_bytes()),
        }
    }
}

impl Dispatcher {
    /// Calls a hook. The answer is an `InvokeHookResponse`.
    pub(crate) async fn invoke_protobuf(&self, invocation: Invocation, limit: AnswerLimit) -> Vec<u8> {
        let plugin_name = invocation.plugin_name.clone();
        let answer = self.invoke(invocation, Vec::new()).await;
        let plugin_name = plugin_name.as_str();
        Self::write_bounded(plugin_name, answer, limit, |answer| {
            write_answer(answer, plugin_name, self.nesting.levels)
        })
        .unwrap_or_default()
    }

    /// A `GetPluginConfigResponse`; empty for a name that is not known.
    pub(crate) fn config_protobuf(&self, name: &str, vocabulary: Vocabulary) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(reported) = self.reported(name) {
            out.extend_from_slice(&[tag(1, 0), 1]);
            put_bytes(&mut out, field(2), reported.wire(vocabulary));
        }
        out
    }

    /// A `GetPluginConfigsResponse`.
    pub(crate) fn configs_protobuf(&self, vocabulary: Vocabulary) -> Vec<u8> {
        let mut out = Vec::new();
        for reported in self.all_reported() {
            put_bytes(&mut out, field(1), reported.wire(vocabulary));
        }
        out
    }
}

/// An `InvokeHookResponse` with nothing but an error.
fn only_error(error: &ErrorAnswer) -> Vec<u8> {
    let mut out = Vec::new();
    write_error(&mut out, error, Levels::of_objects(Levels::DEFAULT_OBJECTS));
    out
}

/// The answer to a message that is none of the requests.
pub(crate) fn unknown_message() -> Vec<u8> {
    only_error(&ErrorAnswer::unknown_message())
}

/// The answer to a request over the limit, which was not read.
pub(crate) fn request_too_large(size: usize, limit: usize) -> Vec<u8> {
    only_error(&ErrorAnswer::request_too_large(size, limit))
}

/// The answer to a call that came to no end of its own.
pub(crate) fn no_answer() -> Vec<u8> {
    only_error(&ErrorAnswer::no_answer())
}

/// The content of a `PluginError`, for an answer that is nothing else.
fn error_alone(error: &ErrorAnswer) -> Vec<u8> {
    let mut out = Vec::new();
    write_error_fields(&mut out, error, Levels::of_objects(Levels::DEFAULT_OBJECTS));
    out
}

/// The `PluginError` for a request that is none of those that there are.
pub(crate) fn unknown_message_error() -> Vec<u8> {
    error_alone(&ErrorAnswer::unknown_message())
}

/// The `PluginError` for a request over the limit, which was not read.
pub(crate) fn too_large_error(size: usize, limit: usize) -> Vec<u8> {
    error_alone(&ErrorAnswer::request_too_large(size, limit))
}

/// The `PluginError` for a call that is one too many.
pub(crate) fn busy_error(message: &str) -> Vec<u8> {
    error_alone(&ErrorAnswer::busy(message))
}

/// The `PluginError` for a call that came after the server was told to stop.
pub(crate) fn stopping_error() -> Vec<u8> {
    error_alone(&ErrorAnswer::stopping())
}

/// A `HealthCheckResponse`.
pub(crate) fn health(is_serving: bool) -> Vec<u8> {
    const SERVING: u8 = 1;
    const NOT_SERVING: u8 = 2;
    vec![tag(1, 0), if is_serving { SERVING } else { NOT_SERVING }]
}

fn write_answer(answer: Answer<'_>, plugin_name: &str, levels: Levels) -> Result<Vec<u8>, CodecError> {
    match answer {
        Answer::Result {
            written,
            denial_metadata,
            context,
            ..
        } => {
            let mut out = written;
            put_bytes(&mut out, field(1), plugin_name.as_bytes());
            if let Some(context) = context {
                context.write(&mut out, field(3), Writing::new(levels))?;
            }
            if let Some(metadata) = &denial_metadata {
                write_result_base(&mut out, metadata);
            }
            Ok(out)
        }
        Answer::Error(error) => {
            let mut out = Vec::new();
            put_bytes(&mut out, field(1), plugin_name.as_bytes());
            write_error(&mut out, &error, levels);
            Ok(out)
        }
    }
}

/// `InvokeHookResponse.error`.
fn write_error(out: &mut Vec<u8>, error: &ErrorAnswer, levels: Levels) {
    let start = begin_message(out, field(4));
    write_error_fields(out, error, levels);
    end_message(out, start);
}

fn write_error_fields(out: &mut Vec<u8>, error: &ErrorAnswer, levels: Levels) {
    put_bytes(out, field(1), error.message.as_bytes());
    if !error.plugin_name.is_empty() {
        put_bytes(out, field(2), error.plugin_name.as_bytes());
    }
    if !error.code.is_empty() {
        put_bytes(out, field(3), error.code.as_bytes());
    }
    if !error.details.is_empty() {
        let details = out.len();
        if let Err(unsendable) = write_struct(out, &error.details, field(4), levels) {
            out.truncate(details);
            limited!(warn, "the details of an error are left out"; error = %unsendable);
        }
    }
    if error.mcp_error_code != 0 {
        out.push(tag(5, 0));
        // Protobuf writes a negative int32 as the 64-bit number that it is equal to.
        put_varint(out, i64::from(error.mcp_error_code).cast_unsigned());
    }
}

/// `InvokeHookResponse.result_base`, of which hosts read only `denial_metadata`.
fn write_result_base(out: &mut Vec<u8>, metadata: &DenialMetadata) {
    let base = begin_message(out, field(5));
    let fields = begin_message(out, field(4));
    for (key, metric) in metadata.accepted() {
        let entry = begin_message(out, field(1));
        put_bytes(out, field(1), key.as_bytes());
        let value = begin_message(out, field(2));
        match metric {
            DenialMetric::Boolean(value) => out.extend_from_slice(&[tag(1, 0), u8::from(value)]),
            DenialMetric::Integer(value) => {
                out.push(tag(2, 0));
                // sint64: zigzag.
                put_varint(out, (value << 1 ^ value >> 63).cast_unsigned());
            }
            DenialMetric::Floating(value) => {
                out.push(tag(3, 1));
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        end_message(out, value);
        end_message(out, entry);
    }
    end_message(out, fields);
    end_message(out, base);
}
