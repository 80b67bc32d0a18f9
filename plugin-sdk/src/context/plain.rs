//! `PluginContext` in its plain form: every field at most once, nothing unknown, tags of one byte. Every known peer writes it so.
//!
//! What passes here is read without an error later. What does not is left to the general reader, which also says what is wrong.

use super::wire::{context, global, message};
use crate::codec::{
    message::Message,
    nesting::{Levels, check_struct},
    plain::field,
    text::is_utf8,
};

/// Checks a whole context without keeping anything of it.
pub(super) fn check(mut bytes: &[u8], levels: Levels) -> Option<()> {
    const GLOBAL_CONTEXT: u8 = message(context::GLOBAL_CONTEXT);
    const STATE: u8 = message(context::STATE);
    const METADATA: u8 = message(context::METADATA);

    let inside = levels.open(1).ok()?;
    // The general reader always opens it.
    inside.open(1).ok()?;
    let mut seen = Seen::default();
    while let Some(tag) = bytes.first().copied() {
        let content = field(&mut bytes, tag)?;
        seen.note(tag)?;
        match tag {
            GLOBAL_CONTEXT => check_global(content, inside)?,
            STATE | METADATA => check_map(content, inside)?,
            _ => return None,
        }
    }
    Some(())
}

fn check_global(mut bytes: &[u8], levels: Levels) -> Option<()> {
    const REQUEST_ID: u8 = message(global::REQUEST_ID);
    const SERVER_ID: u8 = message(global::SERVER_ID);
    const TENANT_ID: u8 = message(global::TENANT_ID);
    const USER_STRING: u8 = message(global::USER_STRING);
    const USER_STRUCT: u8 = message(global::USER_STRUCT);
    const METADATA: u8 = message(global::METADATA);
    const STATE: u8 = message(global::STATE);

    let inside = levels.open(1).ok()?;
    let mut seen = Seen::default();
    while let Some(tag) = bytes.first().copied() {
        let content = field(&mut bytes, tag)?;
        seen.note(tag)?;
        match tag {
            REQUEST_ID | SERVER_ID | TENANT_ID | USER_STRING => is_utf8(content).then_some(())?,
            USER_STRUCT | METADATA | STATE => check_map(content, inside)?,
            _ => return None,
        }
    }
    Some(())
}

fn check_map(bytes: &[u8], levels: Levels) -> Option<()> {
    if bytes.is_empty() {
        return Some(());
    }
    check_struct(&Message::new(bytes), levels).ok().map(drop)
}

/// The fields that were there.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    /// Notes a field, unless it was there.
    fn note(&mut self, tag: u8) -> Option<()> {
        let bit = 1_u32.checked_shl((tag >> 3).into())?;
        let is_new = self.0 & bit == 0;
        self.0 |= bit;
        is_new.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        codec::Writing,
        context::{PluginContext, contents::Contents},
    };

    fn levels() -> Levels {
        Levels::of_objects(5)
    }

    fn written(user: serde_json::Value) -> Vec<u8> {
        let mut context = PluginContext::new("request-1").with_global_context(|global| {
            global
                .with_server_id("séveur")
                .with_tenant_id("tenant")
                .with_user(crate::Value::from(user))
        });
        context.state_mut().insert("seen".into(), 1.into());
        let deep = crate::Value::from(json!({"a": [{"b": null}, true, 0.5]}));
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
    fn what_hosts_send_is_plain() {
        for user in [json!("alice"), json!({"email": "a@example.com"})] {
            let message = written(user);
            assert!(check(&message, levels()).is_some());
            assert!(check(&message, Levels::of_objects(1)).is_none(), "too deep");
        }
        assert!(check(&[], levels()).is_some());
    }

    #[test]
    fn a_field_that_comes_twice_and_one_that_is_not_known_are_not_plain() {
        let message = written(json!("alice"));
        assert!(check(&[message.as_slice(), &message].concat(), levels()).is_none());
        assert!(check(&[message.as_slice(), &[0x22, 0]].concat(), levels()).is_none());
        assert!(check(&[message.as_slice(), &[0x08, 1]].concat(), levels()).is_none());
    }

    proptest! {
        #[test]
        fn what_is_plain_is_read_without_an_error(
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
            if check(&message, levels()).is_some() {
                let read = Contents::of_wire(Bytes::from(message), levels());
                prop_assert!(read.is_ok(), "{:?}", read.err());
            }
        }
    }
}
