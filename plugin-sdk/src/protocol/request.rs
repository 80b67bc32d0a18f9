//! `InvokeHookRequest`: a hook, the plugin that is called, a payload and a context.

use bytes::Bytes;
use serde::Serialize;

use crate::{
    codec::{
        CodecError, Encoding, Writing,
        merged::Merged,
        nesting::{JsonLevels, Nesting},
        text::{Text, part},
        wire::{Reader, Slice, WireType, put_bytes, tag},
        write_json, write_struct_as,
    },
    context::PluginContext,
};

pub(super) const HOOK_TYPE: u32 = 1;
pub(super) const PLUGIN_NAME: u32 = 2;
const PAYLOAD: u32 = 3;
const CONTEXT: u32 = 4;

/// A request to call a hook. What is missing is empty, as protobuf has it.
pub(crate) struct InvokeHookRequest {
    /// The form of payload and context, and of the answer.
    pub(crate) encoding: Encoding,
    pub(crate) hook_type: Text,
    pub(crate) plugin_name: Text,
    pub(crate) payload: Bytes,
    pub(crate) context: Bytes,
}

impl InvokeHookRequest {
    /// A request whose payload and context are JSON objects.
    pub(crate) fn of_json(hook_type: Text, plugin_name: Text, payload: Bytes, context: Bytes) -> Self {
        Self {
            encoding: Encoding::Json,
            hook_type,
            plugin_name,
            payload,
            context,
        }
    }

    /// Scans the top level of a message. One of any other request passes too: `GetPluginConfigRequest.name` has the number of
    /// `hook_type`.
    pub(crate) fn read(message: &Bytes) -> Result<Self, CodecError> {
        let (mut hook_type, mut plugin_name) = (Text::default(), Text::default());
        let (mut payload, mut context) = (Merged::default(), Merged::default());
        let mut reader = Reader::new(Slice::new(message));
        while let Some((number, wire_type)) = reader.tag()? {
            match (number, wire_type) {
                (HOOK_TYPE, WireType::Bytes) => hook_type = Text::part(message, reader.bytes()?)?,
                (PLUGIN_NAME, WireType::Bytes) => plugin_name = Text::part(message, reader.bytes()?)?,
                (PAYLOAD, WireType::Bytes) => payload.merge(part(message, reader.bytes()?)),
                (CONTEXT, WireType::Bytes) => context.merge(part(message, reader.bytes()?)),
                _ => reader.skip(number, wire_type)?,
            }
        }
        Ok(Self {
            encoding: Encoding::Protobuf,
            hook_type,
            plugin_name,
            payload: payload.into_bytes(),
            context: context.into_bytes(),
        })
    }
}

/// A call that is to become a request.
#[derive(Clone, Copy)]
pub(crate) struct OutgoingCall<'a> {
    pub(crate) hook_type: &'a str,
    pub(crate) plugin_name: &'a str,
    pub(crate) payload: &'a (dyn EncodePayload + Sync),
    pub(crate) context: &'a PluginContext,
}

impl OutgoingCall<'_> {
    /// Writes the message, or the arguments of `invoke_hook`.
    pub(crate) fn write(&self, encoding: Encoding, nesting: Nesting) -> Result<Bytes, CodecError> {
        let mut out = Vec::with_capacity(1024);
        match encoding {
            Encoding::Protobuf => {
                put_bytes(
                    &mut out,
                    tag(HOOK_TYPE, WireType::Bytes),
                    self.hook_type.as_bytes(),
                );
                put_bytes(
                    &mut out,
                    tag(PLUGIN_NAME, WireType::Bytes),
                    self.plugin_name.as_bytes(),
                );
                let writing = Writing::of_host(nesting.levels);
                self.payload
                    .write_struct(&mut out, tag(PAYLOAD, WireType::Bytes), writing)
                    .map_err(|error| error.in_key("payload"))?;
                self.context
                    .write(&mut out, tag(CONTEXT, WireType::Bytes), writing)
                    .map_err(|error| error.in_key("context"))?;
            }
            Encoding::Json => {
                out.extend_from_slice(br#"{"hook_type":"#);
                serde_json::to_writer(&mut out, self.hook_type)?;
                out.extend_from_slice(br#","plugin_name":"#);
                serde_json::to_writer(&mut out, self.plugin_name)?;
                out.extend_from_slice(br#","payload":"#);
                self.payload_json(&mut out, nesting)?;
                out.extend_from_slice(br#","context":"#);
                self.context_json(&mut out, nesting)?;
                out.push(b'}');
            }
        }
        Ok(out.into())
    }

    /// Appends the payload as JSON.
    pub(crate) fn payload_json(&self, out: &mut Vec<u8>, nesting: Nesting) -> Result<(), CodecError> {
        self.payload
            .write_json(out, nesting.json)
            .map_err(|error| error.in_key("payload"))
    }

    /// Appends the context as JSON.
    pub(crate) fn context_json(&self, out: &mut Vec<u8>, nesting: Nesting) -> Result<(), CodecError> {
        write_json(out, self.context, nesting.json.in_context()).map_err(|error| error.in_key("context"))
    }
}

/// A payload of any type, in both forms.
pub(crate) trait EncodePayload {
    fn write_struct(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError>;
    fn write_json(&self, out: &mut Vec<u8>, levels: JsonLevels) -> Result<(), CodecError>;
}

impl<P: Serialize> EncodePayload for P {
    fn write_struct(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError> {
        write_struct_as(out, self, tag, writing).map(drop)
    }

    fn write_json(&self, out: &mut Vec<u8>, levels: JsonLevels) -> Result<(), CodecError> {
        write_json(out, self, levels)
    }
}
