//! The context as the protobuf message `PluginContext`.

use bytes::Bytes;

use super::{GlobalContext, PluginContext, contents::Contents, section::Section};
use crate::{
    codec::{
        CodecError, Encoding, Writing,
        message::Message,
        nesting::{Levels, Nesting, check_struct},
        raw::Checked,
        text::{Text, check_utf8},
        wire::{Reader, Slice, WireType, begin_message, end_message, put_bytes, tag},
        write_struct_as,
    },
    value::{Map, Value, Wire},
};

/// Field numbers of `PluginContext`.
mod context {
    pub(super) const GLOBAL_CONTEXT: u32 = 1;
    pub(super) const STATE: u32 = 2;
    pub(super) const METADATA: u32 = 3;
}

/// Field numbers of `GlobalContext`.
mod global {
    pub(super) const REQUEST_ID: u32 = 1;
    pub(super) const SERVER_ID: u32 = 2;
    pub(super) const TENANT_ID: u32 = 3;
    pub(super) const USER_STRING: u32 = 4;
    pub(super) const USER_STRUCT: u32 = 5;
    pub(super) const METADATA: u32 = 6;
    pub(super) const STATE: u32 = 7;
}

const fn message(number: u32) -> u8 {
    tag(number, WireType::Bytes)
}

impl PluginContext {
    /// Takes the message, which is checked now and read when something of it is asked for.
    pub(crate) fn of_wire(raw: Bytes, nesting: Nesting) -> Result<Self, CodecError> {
        check(&raw, nesting.levels)?;
        Ok(Self::of_arrived(raw, Encoding::Protobuf, nesting))
    }

    /// Appends the message: what was not touched as the bytes it came in, with the fields that this version does not know.
    pub(crate) fn write(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError> {
        self.contents().write(out, tag, writing)
    }
}

/// Checks a whole context without keeping anything of it. What passes is read without an error; a field that comes twice is read
/// as the merge of both, which is valid where both are.
fn check(raw: &[u8], levels: Levels) -> Result<(), CodecError> {
    let inside = levels.open(1)?;
    // Reading opens the level of `global_context` also where it did not come.
    inside.open(1)?;
    each_field(Slice::new(raw), |number, content| {
        let (checked, key) = match number {
            context::GLOBAL_CONTEXT => (check_global(content, inside), "global_context"),
            context::STATE => (check_map(content, inside), "state"),
            context::METADATA => (check_map(content, inside), "metadata"),
            _ => return Ok(()),
        };
        checked.map_err(|error| error.in_key(key))
    })
}

fn check_global(content: Slice<'_>, levels: Levels) -> Result<(), CodecError> {
    let inside = levels.open(1)?;
    each_field(content, |number, content| {
        let (checked, key) = match number {
            global::REQUEST_ID | global::SERVER_ID | global::TENANT_ID | global::USER_STRING => {
                return check_utf8(content);
            }
            global::USER_STRUCT => (check_map(content, inside), "user_struct"),
            global::STATE => (check_map(content, inside), "state"),
            global::METADATA => (check_map(content, inside), "metadata"),
            _ => return Ok(()),
        };
        checked.map_err(|error| error.in_key(key))
    })
}

fn check_map(content: Slice<'_>, levels: Levels) -> Result<(), CodecError> {
    check_struct(&Message::One(content), levels).map(drop)
}

/// Goes through the fields that are strings or messages. Others are none of ours.
#[inline]
fn each_field<'a>(
    message: Slice<'a>,
    mut take: impl FnMut(u32, Slice<'a>) -> Result<(), CodecError>,
) -> Result<(), CodecError> {
    let mut reader = Reader::new(message);
    while let Some((number, wire_type)) = reader.tag()? {
        match wire_type {
            WireType::Bytes => take(number, reader.bytes()?)?,
            _ => reader.skip(number, wire_type)?,
        }
    }
    Ok(())
}

/// The map that a checked `Struct` in the message `raw` is.
fn map(raw: &Bytes, content: &Message<'_>, levels: Levels) -> Result<Map, CodecError> {
    if content.length() == 0 {
        return Ok(Map::new());
    }
    Wire::new(Checked::of(Some(raw), content, levels.count())).and_then(Map::of_wire)
}

impl Contents {
    /// Reads the message, which was checked.
    pub(super) fn of_wire(raw: Bytes, levels: Levels) -> Result<Self, CodecError> {
        let (mut global, mut state, mut metadata) = (Message::EMPTY, Message::EMPTY, Message::EMPTY);
        each_field(Slice::new(&raw), |number, content| {
            let field = match number {
                context::GLOBAL_CONTEXT => &mut global,
                context::STATE => &mut state,
                context::METADATA => &mut metadata,
                _ => return Ok(()),
            };
            field.merge(content);
            Ok(())
        })?;
        let inside = levels.open(1)?;
        Ok(Self {
            global: GlobalContext::of_wire(global.to_bytes(&raw), inside)?,
            state: Section::of_map(map(&raw, &state, inside)?),
            metadata: Section::of_map(map(&raw, &metadata, inside)?),
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
        let (mut state, mut metadata) = (Message::EMPTY, Message::EMPTY);
        let mut user: Option<Message<'_>> = None;
        let mut global = Self::default();
        each_field(Slice::new(&raw), |number, content| {
            match number {
                global::REQUEST_ID => global.request_id = Text::part(&raw, content)?,
                global::SERVER_ID => global.server_id = Text::part(&raw, content)?,
                global::TENANT_ID => global.tenant_id = Text::part(&raw, content)?,
                // A `oneof`: the last one wins, and the same message again is merged.
                global::USER_STRING => {
                    user = None;
                    global.user = Some(content.utf8()?.into());
                }
                global::USER_STRUCT => {
                    global.user = None;
                    user.get_or_insert(Message::EMPTY).merge(content);
                }
                global::STATE => state.merge(content),
                global::METADATA => metadata.merge(content),
                _ => {}
            }
            Ok(())
        })?;
        let inside = levels.open(1)?;
        if let Some(user) = user {
            global.user = Some(map(&raw, &user, inside)?.into());
        }
        global.state = Section::of_map(map(&raw, &state, inside)?);
        global.metadata = Section::of_map(map(&raw, &metadata, inside)?);
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
        match &self.user {
            None => Ok(()),
            Some(Value::String(name)) => {
                put_bytes(out, message(global::USER_STRING), name.as_bytes());
                Ok(())
            }
            Some(user) => write_struct_as(out, user, message(global::USER_STRUCT), writing.open(1)?)
                .map(drop)
                .map_err(|error| error.in_key("global_context.user")),
        }
    }
}

/// Copies the fields of a message but for the ones with these numbers.
fn copy_others(out: &mut Vec<u8>, raw: &[u8], except: &[u32]) -> Result<(), CodecError> {
    let mut reader = Reader::new(Slice::new(raw));
    loop {
        let start = reader.offset();
        let Some((number, wire_type)) = reader.tag()? else {
            return Ok(());
        };
        reader.skip(number, wire_type)?;
        if !except.contains(&number) {
            out.extend_from_slice(&raw[start..reader.offset()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn levels() -> Levels {
        Levels::of_objects(5)
    }

    fn written(user: serde_json::Value) -> Vec<u8> {
        let mut context = PluginContext::new("request-1").with_global_context(|global| {
            global
                .with_server_id("séveur")
                .with_tenant_id("tenant")
                .with_user(Value::from(user))
        });
        context.state_mut().insert("seen".into(), 1.into());
        let deep = Value::from(json!({"a": [{"b": null}, true, 0.5]}));
        context.metadata_mut().insert("deep".into(), deep);
        context
            .global_context_mut()
            .state_mut()
            .insert("shared".into(), "ä".into());
        let mut out = Vec::new();
        context
            .write(&mut out, 0x0a, Writing::new(Levels::of_objects(33)))
            .unwrap();
        // Without the tag and the length of the field.
        let length = 1 + out[1..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
        out.split_off(length)
    }

    #[test]
    fn what_hosts_send_passes() {
        for user in [json!("alice"), json!({"email": "a@example.com"})] {
            let message = written(user);
            assert!(check(&message, levels()).is_ok());
            assert!(check(&message, Levels::of_objects(1)).is_err(), "too deep");
        }
        assert!(check(&[], levels()).is_ok());
    }

    #[test]
    fn a_field_that_comes_twice_is_merged_and_one_that_is_not_known_is_kept() {
        let (message, unknown) = (written(json!({"email": "a@example.com"})), [0x22, 0, 0x28, 1]);
        let pieces = [message.as_slice(), &unknown, &written(json!({"name": "a"}))].concat();
        let context = PluginContext::of_wire(pieces.into(), Nesting::DEFAULT).unwrap();
        let user = context.global_context().user().unwrap();
        assert_eq!(*user, json!({"email": "a@example.com", "name": "a"}));
        assert_eq!((context.state().len(), context.metadata().len()), (1, 1));
        let mut out = Vec::new();
        context
            .write(&mut out, 0x0a, Writing::new(Levels::of_objects(33)))
            .unwrap();
        assert!(out.windows(unknown.len()).any(|part| part == unknown));
    }

    proptest! {
        #[test]
        fn what_passes_is_read_without_an_error(
            is_text in any::<bool>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
            is_cut in prop::bool::weighted(0.2),
        ) {
            let user = if is_text { json!("alice") } else { json!({"email": "a@example.com", "n": 1}) };
            let mut message = written(user);
            for (place, byte) in changes {
                let place = place.index(message.len());
                message[place] = byte;
            }
            if is_cut {
                message.truncate(cut.index(message.len()));
            }
            if check(&message, levels()).is_ok() {
                let read = Contents::of_wire(Bytes::from(message), levels());
                prop_assert!(read.is_ok(), "{:?}", read.err());
            }
        }
    }
}
