//! `InvokeHookResponse`: the result of a hook with what goes with it, or an error.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    denial_metadata::{read_base, write_base},
    error::ReportedError,
};
use crate::{
    codec::{
        CodecError, Encoding, Writing,
        merged::Merged,
        nesting::Nesting,
        text::{Text, part},
        wire::{Reader, Slice, WireType, begin_message, end_message, put_bytes, tag},
        write_json,
    },
    context::PluginContext,
    denial_metadata::DenialMetadata,
    value::Document,
};

const PLUGIN_NAME: u32 = 1;
const RESULT: u32 = 2;
const CONTEXT: u32 = 3;
const ERROR: u32 = 4;
const RESULT_BASE: u32 = 5;

/// The tag of the result, with which a message begins.
pub(crate) const RESULT_TAG: u8 = tag(RESULT, WireType::Bytes);

/// A result that is written already, and what goes with it.
#[derive(Debug)]
pub(crate) struct WrittenResult {
    /// In protobuf the field of the result with its tag, in JSON the result.
    pub(crate) result: Vec<u8>,
    /// In protobuf the denial metadata has a message of its own, which keeps 64-bit integers.
    pub(crate) denial_metadata: Option<DenialMetadata>,
    pub(crate) context: Option<Box<PluginContext>>,
}

impl WrittenResult {
    pub(crate) fn of(result: Vec<u8>) -> Self {
        Self {
            result,
            denial_metadata: None,
            context: None,
        }
    }

    /// The same as a host gets it, without a transport in between. Only a result in JSON can be one.
    pub(crate) fn into_reply(self, encoding: Encoding, nesting: Nesting) -> HookReply {
        HookReply {
            encoding,
            result: self.result.into(),
            denial_metadata: self.denial_metadata,
            context: self.context,
            empty_counts: encoding == Encoding::Json,
            nesting,
        }
    }
}

/// Writes the response of a plugin.
pub(crate) fn write(
    encoding: Encoding,
    plugin_name: &str,
    outcome: Result<WrittenResult, ReportedError>,
    nesting: Nesting,
) -> Result<Vec<u8>, CodecError> {
    match (encoding, outcome) {
        (Encoding::Protobuf, Ok(result)) => {
            let mut out = result.result;
            put_bytes(
                &mut out,
                tag(PLUGIN_NAME, WireType::Bytes),
                plugin_name.as_bytes(),
            );
            if let Some(context) = result.context {
                context.write(
                    &mut out,
                    tag(CONTEXT, WireType::Bytes),
                    Writing::new(nesting.levels),
                )?;
            }
            if let Some(metadata) = &result.denial_metadata {
                write_base(&mut out, tag(RESULT_BASE, WireType::Bytes), metadata);
            }
            Ok(out)
        }
        (Encoding::Protobuf, Err(error)) => {
            let mut out = Vec::new();
            if !plugin_name.is_empty() {
                put_bytes(
                    &mut out,
                    tag(PLUGIN_NAME, WireType::Bytes),
                    plugin_name.as_bytes(),
                );
            }
            let start = begin_message(&mut out, tag(ERROR, WireType::Bytes));
            error.write(&mut out, nesting.levels);
            end_message(&mut out, start);
            Ok(out)
        }
        // By hand: the result is JSON already, and large.
        (Encoding::Json, outcome) => {
            let size = outcome.as_ref().map_or(0, |result| result.result.len());
            let mut out = Vec::with_capacity(size + plugin_name.len() + 256);
            out.extend_from_slice(b"{\"plugin_name\":");
            serde_json::to_writer(&mut out, plugin_name)?;
            match outcome {
                Ok(result) => {
                    out.extend_from_slice(b",\"result\":");
                    out.extend_from_slice(&result.result);
                    if let Some(context) = result.context {
                        out.extend_from_slice(b",\"context\":");
                        write_json(&mut out, &*context, nesting.json.in_context())?;
                    }
                }
                Err(error) => {
                    out.extend_from_slice(b",\"error\":");
                    error.write_json(&mut out, nesting.json)?;
                }
            }
            out.push(b'}');
            Ok(out)
        }
    }
}

/// An answer of the server itself, such as one to a request that no plugin saw.
pub(crate) fn refusal(encoding: Encoding, error: ReportedError) -> Vec<u8> {
    let plugin_name = match encoding {
        Encoding::Protobuf => String::new(),
        Encoding::Json => error.plugin_name.clone(),
    };
    write(encoding, &plugin_name, Err(error), Nesting::DEFAULT).unwrap_or_default()
}

/// The answer of a plugin that has a result, before the result is read.
#[derive(Clone, Debug)]
pub struct HookReply {
    pub(crate) encoding: Encoding,
    /// The result, in the form of the encoding.
    pub(crate) result: Bytes,
    /// Where it is not part of the result.
    pub(crate) denial_metadata: Option<DenialMetadata>,
    pub(crate) context: Option<Box<PluginContext>>,
    /// Whether an empty state of the context is one that the plugin left. Protobuf can't tell it from one that was not sent
    /// ([protocol, section
    /// 6.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#64-what-goes-back)).
    pub(crate) empty_counts: bool,
    pub(crate) nesting: Nesting,
}

/// A result, or the server's error.
pub(crate) type Outcome = Result<HookReply, ReportedError>;

/// Reads a response, and the plugin that it is of.
pub(crate) fn read(
    encoding: Encoding,
    message: &Bytes,
    nesting: Nesting,
) -> Result<(String, Outcome), CodecError> {
    match encoding {
        Encoding::Protobuf => read_protobuf(message, nesting),
        Encoding::Json => read_json(message, nesting),
    }
}

fn read_protobuf(message: &Bytes, nesting: Nesting) -> Result<(String, Outcome), CodecError> {
    let mut plugin_name = Text::default();
    let mut result: Option<Merged> = None;
    let (mut context, mut error, mut base) = (None::<Merged>, None::<Merged>, Merged::default());
    let mut reader = Reader::new(Slice::new(message));
    while let Some((number, wire_type)) = reader.tag()? {
        let into = match (number, wire_type) {
            (PLUGIN_NAME, WireType::Bytes) => {
                plugin_name = Text::part(message, reader.bytes()?)?;
                continue;
            }
            (RESULT, WireType::Bytes) => result.get_or_insert_default(),
            (CONTEXT, WireType::Bytes) => context.get_or_insert_default(),
            (ERROR, WireType::Bytes) => error.get_or_insert_default(),
            (RESULT_BASE, WireType::Bytes) => &mut base,
            _ => {
                reader.skip(number, wire_type)?;
                continue;
            }
        };
        into.merge(part(message, reader.bytes()?));
    }
    let plugin_name = plugin_name.as_str().to_owned();
    if let Some(error) = error {
        let error = ReportedError::read(&error.into_bytes(), nesting.levels);
        let error = error.map_err(|error| error.in_key("error"))?;
        // Hosts overlook an error that says nothing.
        if !error.message.is_empty() {
            return Ok((plugin_name, Err(error)));
        }
    }
    let result = result.ok_or_else(neither)?;
    let context = context
        .map(|context| PluginContext::of_wire(context.into_bytes(), nesting))
        .transpose()
        .map_err(|error| error.in_key("context"))?;
    let denial_metadata = read_base(&base.into_bytes()).map_err(|error| error.in_key("result_base"))?;
    let reply = HookReply {
        encoding: Encoding::Protobuf,
        result: result.into_bytes(),
        denial_metadata,
        context: context.map(Box::new),
        empty_counts: false,
        nesting,
    };
    Ok((plugin_name, Ok(reply)))
}

fn read_json(message: &Bytes, nesting: Nesting) -> Result<(String, Outcome), CodecError> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(default)]
        plugin_name: Option<String>,
        #[serde(default, borrow)]
        result: Option<&'a RawValue>,
        #[serde(default, borrow)]
        context: Option<&'a RawValue>,
        #[serde(default, borrow)]
        error: Option<&'a RawValue>,
    }

    let levels = nesting.json;
    let fields: Fields<'_> = Document::of_json(message, levels.in_answer()).decode()?;
    let plugin_name = fields.plugin_name.unwrap_or_default();
    if let Some(error) = fields.error {
        let error = ReportedError::read_json(error.get().as_bytes(), levels);
        let error = error.map_err(|error| error.in_key("error"))?;
        return Ok((plugin_name, Err(error)));
    }
    let result = fields.result.ok_or_else(neither)?;
    let context = fields
        .context
        .map(|context| PluginContext::of_json(context.get().as_bytes(), levels))
        .transpose()
        .map_err(|error| error.in_key("context"))?;
    let reply = HookReply {
        encoding: Encoding::Json,
        result: message.slice_ref(result.get().as_bytes()),
        denial_metadata: None,
        context: context.map(Box::new),
        empty_counts: true,
        nesting,
    };
    Ok((plugin_name, Ok(reply)))
}

fn neither() -> CodecError {
    CodecError::new("it has neither a result nor an error")
}

/// Whether a message of protobuf says that the request is none that the server knows.
pub(crate) fn is_unknown_message(message: &Bytes) -> bool {
    let response = read_protobuf(message, Nesting::DEFAULT);
    matches!(response, Ok((_, Err(error))) if error.is_unknown_message())
}

/// Whether a message of protobuf names this plugin, for a transport on which nothing else tells whose answer it is. An error
/// may be without a name.
pub(crate) fn is_of(message: &[u8], plugin_name: &str) -> bool {
    let mut reader = Reader::new(Slice::new(message));
    let mut name = Slice::default();
    while let Ok(Some((number, wire_type))) = reader.tag() {
        match (number, wire_type) {
            (PLUGIN_NAME, WireType::Bytes) => match reader.bytes() {
                Ok(slice) => name = slice,
                Err(_) => return false,
            },
            _ if reader.skip(number, wire_type).is_err() => return false,
            _ => {}
        }
    }
    name.bytes.is_empty() || name.bytes == plugin_name.as_bytes()
}
