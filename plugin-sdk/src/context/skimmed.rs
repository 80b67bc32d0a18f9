//! The context as JSON, checked without keeping anything of it: of a small call of which the hook reads no context, reading it at
//! once would take a fifth more of the instructions.
//!
//! What passes here is read without an error later: every part goes through the same calls of the same reader. What does not,
//! also for a key that this version does not know, is left to the general reader, which says what is wrong.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use super::user::UserContext;
use crate::codec::{
    json,
    nesting::{JsonLevels, check_json},
    object::Object,
};

/// Checks a whole context.
pub(super) fn check(text: &[u8], levels: JsonLevels) -> Option<()> {
    check_json(text, levels).ok()?;
    json::read::<Object<WholeContext>>(text).ok().map(drop)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "nothing is kept")]
struct WholeContext {
    global_context: Object<SharedPart>,
    #[serde(default)]
    state: Option<AnyObject>,
    #[serde(default)]
    metadata: Option<AnyObject>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "nothing is kept")]
struct SharedPart {
    request_id: Text,
    #[serde(default)]
    user: Option<Any>,
    #[serde(default)]
    user_context: Option<Box<UserContext>>,
    #[serde(default)]
    tenant_id: Option<Text>,
    #[serde(default)]
    server_id: Option<Text>,
    #[serde(default)]
    content_type: Option<Text>,
    #[serde(default)]
    state: Option<AnyObject>,
    #[serde(default)]
    metadata: Option<AnyObject>,
}

macro_rules! skimmed {
    ($($(#[$comment:meta])* $type:ident: $method:ident;)*) => {$(
        $(#[$comment])*
        struct $type;

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.$method(AnyVisitor).map(|()| Self)
            }
        }
    )*};
}

skimmed! {
    /// A string.
    Text: deserialize_str;
    /// An object of anything.
    AnyObject: deserialize_map;
    /// Any value.
    Any: deserialize_any;
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while access.next_element::<Any>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while access.next_entry::<Text, Any>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::{codec::nesting::Nesting, context::PluginContext};

    const FULL: &str = r#"{"state":{"seen":1},"global_context":{"request_id":"r\u00e9","user":{"email":"a@example.com"},
        "user_context":{"user_id":"u","extra":[1]},"tenant_id":null,"server_id":"s","content_type":"json","state":{},
        "metadata":{"deep":[{"b":null},true,-0.5e3,18446744073709551615]}},"metadata":null}"#;

    fn levels() -> JsonLevels {
        JsonLevels::new(8)
    }

    #[test]
    fn what_hosts_send_passes() {
        for text in [FULL, r#"{"global_context":{"request_id":""}}"#] {
            assert!(check(text.as_bytes(), levels()).is_some(), "{text}");
        }
    }

    #[test]
    fn the_rest_is_left_to_the_general_reader() {
        for text in [
            r#"{"global_context":{"request_id":"r"},"new":1}"#,
            r#"{"global_context":{"request_id":"r","new":1}}"#,
            r#"{"global_context":{"request_id":1}}"#,
            r#"{"global_context":{"request_id":"r"},"state":[]}"#,
            r#"{"global_context":{"request_id":"r"},"state":{},"state":{}}"#,
            r#"{"global_context":{"request_id":"r","metadata":{"n":1e999}}}"#,
            r#"{"global_context":{"request_id":"r","metadata":{"s":"\ud800"}}}"#,
            r#"{"global_context":["r"]}"#,
            r#"{"global_context":["r","alice@example.com",null,"tenant"]}"#,
            r#"[{"request_id":"r"}]"#,
            r#"{"state":{}}"#,
            "[]",
            "",
        ] {
            assert!(check(text.as_bytes(), levels()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_read_to_the_same(
            changes in prop::collection::vec(
                (any::<prop::sample::Index>(), prop::sample::select(b"{}[]\":,\\0e-.ntx\x01\xff".to_vec())),
                0..4,
            ),
            gone in prop::collection::vec(any::<prop::sample::Index>(), 0..2),
        ) {
            let mut text = FULL.as_bytes().to_vec();
            for (place, byte) in changes {
                let place = place.index(text.len());
                text[place] = byte;
            }
            for place in gone {
                text.remove(place.index(text.len()));
            }
            let at_once = PluginContext::of_json(&text, levels());
            let nesting = Nesting { json: levels(), ..Nesting::DEFAULT };
            if let Some(later) = PluginContext::of_checked_json(&Bytes::from(text.clone()), nesting) {
                let at_once = serde_json::to_string(&at_once.unwrap()).unwrap();
                prop_assert_eq!(serde_json::to_string(&later).unwrap(), at_once);
            }
        }
    }
}
