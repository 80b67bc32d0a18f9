//! The context as the protobuf message `PluginContext`.

use std::sync::OnceLock;

use bytes::Bytes;

use super::{
    Arrived, ArrivedForm, GlobalContext, PluginContext, contents::Contents, global::User, plain,
    section::Section,
};
use crate::codec::{
    CodecError, Writing,
    merged::Merged,
    message::Message,
    nesting::{Levels, check_struct},
    text::{Text, part},
    wire::{LENGTH_DELIMITED, Reader, Slice, WireType, begin_message, end_message, put_bytes, tag},
    write_struct_as,
};

/// Field numbers of `PluginContext`.
pub(super) mod context {
    pub(in crate::context) const GLOBAL_CONTEXT: u8 = 1;
    pub(in crate::context) const STATE: u8 = 2;
    pub(in crate::context) const METADATA: u8 = 3;
}

/// Field numbers of `GlobalContext`.
pub(super) mod global {
    pub(in crate::context) const REQUEST_ID: u8 = 1;
    pub(in crate::context) const SERVER_ID: u8 = 2;
    pub(in crate::context) const TENANT_ID: u8 = 3;
    pub(in crate::context) const USER_STRING: u8 = 4;
    pub(in crate::context) const USER_STRUCT: u8 = 5;
    pub(in crate::context) const METADATA: u8 = 6;
    pub(in crate::context) const STATE: u8 = 7;
}

pub(super) const fn message(number: u8) -> u8 {
    tag(number, LENGTH_DELIMITED)
}

impl PluginContext {
    /// Takes the message, which is checked now and read when something of it is asked for.
    pub(crate) fn of_wire(raw: Bytes, levels: Levels) -> Result<Self, CodecError> {
        if plain::check(&raw, levels).is_some() {
            return Ok(Self {
                arrived: Some(Arrived {
                    raw,
                    form: ArrivedForm::Wire(levels),
                }),
                ..Self::default()
            });
        }
        Contents::of_wire(raw, levels).map(Self::of_contents)
    }

    /// Appends the message: what was not touched as the bytes it came in, with the fields that this version does not know.
    pub(crate) fn write(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError> {
        self.contents().write(out, tag, writing)
    }
}

impl Contents {
    /// Reads the message. Its maps are checked now and read when they are asked for.
    pub(super) fn of_wire(raw: Bytes, levels: Levels) -> Result<Self, CodecError> {
        let (mut global, mut state, mut metadata) = (Merged::default(), Merged::default(), Merged::default());
        let mut reader = Reader::new(Slice::new(&raw));
        while let Some((number, wire_type)) = reader.tag()? {
            match (u8::try_from(number), wire_type) {
                (Ok(context::GLOBAL_CONTEXT), WireType::Bytes) => global.merge(part(&raw, reader.bytes()?)),
                (Ok(context::STATE), WireType::Bytes) => state.merge(part(&raw, reader.bytes()?)),
                (Ok(context::METADATA), WireType::Bytes) => metadata.merge(part(&raw, reader.bytes()?)),
                _ => reader.skip(number, wire_type)?,
            }
        }
        let inside = levels.open(1)?;
        Ok(Self {
            global: GlobalContext::of_wire(global.into_bytes(), inside)
                .map_err(|error| error.in_key("global_context"))?,
            state: Section::of_wire(state.into_bytes(), inside).map_err(|error| error.in_key("state"))?,
            metadata: Section::of_wire(metadata.into_bytes(), inside)
                .map_err(|error| error.in_key("metadata"))?,
            raw,
            ..Self::default()
        })
    }

    fn write(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError> {
        let start = begin_message(out, tag);
        copy_others(
            out,
            &self.raw,
            &[context::GLOBAL_CONTEXT, context::STATE, context::METADATA],
        )?;
        let inside = writing.open(1)?;
        self.global.write(out, message(context::GLOBAL_CONTEXT), inside)?;
        self.state
            .write(out, message(context::STATE), inside)
            .map_err(|error| error.in_key("state"))?;
        self.metadata
            .write(out, message(context::METADATA), inside)
            .map_err(|error| error.in_key("metadata"))?;
        end_message(out, start);
        Ok(())
    }
}

impl GlobalContext {
    fn of_wire(raw: Bytes, levels: Levels) -> Result<Self, CodecError> {
        let (mut state, mut metadata) = (Merged::default(), Merged::default());
        let mut user: Option<Merged> = None;
        let mut global = Self::default();
        let mut reader = Reader::new(Slice::new(&raw));
        while let Some((number, wire_type)) = reader.tag()? {
            let (Ok(number), WireType::Bytes) = (u8::try_from(number), wire_type) else {
                reader.skip(number, wire_type)?;
                continue;
            };
            let slice = reader.bytes()?;
            let field = match number {
                global::REQUEST_ID => &mut global.request_id,
                global::SERVER_ID => &mut global.server_id,
                global::TENANT_ID => &mut global.tenant_id,
                global::USER_STRING => {
                    let text = Text::part(&raw, slice)?;
                    user = None;
                    global.user = User::Name {
                        text,
                        value: OnceLock::new(),
                    };
                    continue;
                }
                global::USER_STRUCT => {
                    // A `oneof`: the last one wins, and the same one again is merged.
                    global.user = User::Absent;
                    user.get_or_insert_default().merge(part(&raw, slice));
                    continue;
                }
                global::STATE => {
                    state.merge(part(&raw, slice));
                    continue;
                }
                global::METADATA => {
                    metadata.merge(part(&raw, slice));
                    continue;
                }
                _ => continue,
            };
            *field = Text::part(&raw, slice)?;
        }
        let inside = levels.open(1)?;
        if let Some(user) = user {
            let raw = user.into_bytes();
            let levels =
                check_struct(&Message::new(&raw), inside).map_err(|error| error.in_key("user_struct"))?;
            let value = OnceLock::new();
            global.user = User::Struct { raw, levels, value };
        }
        global.state = Section::of_wire(state.into_bytes(), inside).map_err(|error| error.in_key("state"))?;
        global.metadata =
            Section::of_wire(metadata.into_bytes(), inside).map_err(|error| error.in_key("metadata"))?;
        global.arrived = true;
        global.raw = raw;
        Ok(global)
    }

    fn write(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError> {
        if !self.raw.is_empty() && !self.is_changed() {
            put_bytes(out, tag, &self.raw);
            return Ok(());
        }
        let start = begin_message(out, tag);
        if self.raw.is_empty() {
            self.write_texts(out, writing)?;
        } else {
            copy_others(out, &self.raw, &[global::STATE, global::METADATA])?;
        }
        let inside = writing.open(1)?;
        self.metadata
            .write(out, message(global::METADATA), inside)
            .map_err(|error| error.in_key("global_context.metadata"))?;
        self.state
            .write(out, message(global::STATE), inside)
            .map_err(|error| error.in_key("global_context.state"))?;
        end_message(out, start);
        Ok(())
    }

    /// The fields of a context that did not come over the wire.
    fn write_texts(&self, out: &mut Vec<u8>, writing: Writing) -> Result<(), CodecError> {
        let texts = [
            (global::REQUEST_ID, &self.request_id),
            (global::SERVER_ID, &self.server_id),
            (global::TENANT_ID, &self.tenant_id),
        ];
        for (number, text) in texts {
            if let Some(text) = text.to_option() {
                put_bytes(out, message(number), text.as_bytes());
            }
        }
        match self.user() {
            None => {}
            Some(user) => {
                if let Some(name) = user.as_str() {
                    put_bytes(out, message(global::USER_STRING), name.as_bytes());
                } else {
                    let inside = writing.open(1)?;
                    write_struct_as(out, user, message(global::USER_STRUCT), inside)
                        .map_err(|error| error.in_key("global_context.user"))?;
                }
            }
        }
        Ok(())
    }
}

/// Copies the fields of a message but for the ones with these numbers.
fn copy_others(out: &mut Vec<u8>, raw: &[u8], except: &[u8]) -> Result<(), CodecError> {
    let mut reader = Reader::new(Slice::new(raw));
    loop {
        let start = reader.offset();
        let Some((number, wire_type)) = reader.tag()? else {
            return Ok(());
        };
        reader.skip(number, wire_type)?;
        if !except.iter().any(|other| u32::from(*other) == number) {
            out.extend_from_slice(&raw[start..reader.offset()]);
        }
    }
}
