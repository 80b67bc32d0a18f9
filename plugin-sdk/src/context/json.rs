//! The context as JSON: the form of MCP and of the command line.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{GlobalContext, PluginContext, contents::Contents, section::Section, skimmed, user::UserContext};
use crate::{
    codec::{
        CodecError, Encoding,
        nesting::{JsonLevels, Nesting},
    },
    value::{Document, Map, Value},
};

#[derive(Deserialize)]
#[serde(expecting = "a context")]
struct ContextFields {
    global_context: GlobalFields,
    #[serde(default)]
    state: Map,
    #[serde(default)]
    metadata: Map,
    #[serde(flatten)]
    extra: Map,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct GlobalFields {
    request_id: String,
    #[serde(default)]
    user: Option<Value>,
    #[serde(default)]
    user_context: Option<Box<UserContext>>,
    #[serde(default)]
    tenant_id: Option<String>,
    #[serde(default)]
    server_id: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    state: Map,
    #[serde(default)]
    metadata: Map,
    #[serde(flatten)]
    extra: Map,
}

impl PluginContext {
    /// Takes the JSON object of a call, which is checked now and read when something of it is asked for. `None` for one that
    /// must be read at once, to know what is wrong with it or what is new in it.
    pub(crate) fn of_checked_json(text: &Bytes, nesting: Nesting) -> Option<Self> {
        skimmed::check(text, nesting.json.in_context())?;
        Some(Self::of_arrived(text.clone(), Encoding::Json, nesting))
    }

    /// Reads the JSON object.
    pub(crate) fn of_json(text: &[u8], levels: JsonLevels) -> Result<Self, CodecError> {
        Contents::of_json(text, levels).map(Self::of_contents)
    }
}

impl Contents {
    /// Reads the JSON object. `global_context.request_id` must be there, as the hosts have it.
    pub(super) fn of_json(text: &[u8], levels: JsonLevels) -> Result<Self, CodecError> {
        let fields: ContextFields = Document::of_json(text, levels.in_context()).decode()?;
        let global = fields.global_context;
        Ok(Self {
            global: GlobalContext {
                request_id: global.request_id.into(),
                server_id: global.server_id.unwrap_or_default().into(),
                tenant_id: global.tenant_id.unwrap_or_default().into(),
                content_type: global.content_type.unwrap_or_default().into(),
                user: global.user,
                user_context: global.user_context,
                state: Section::of_map(global.state),
                metadata: Section::of_map(global.metadata),
                extra: global.extra,
                arrived: true,
                ..GlobalContext::default()
            },
            state: Section::of_map(fields.state),
            metadata: Section::of_map(fields.metadata),
            extra: fields.extra,
            ..Self::default()
        })
    }
}

#[derive(Serialize)]
struct ContextView<'a> {
    state: Object<'a>,
    global_context: GlobalView<'a>,
    metadata: Object<'a>,
    #[serde(flatten)]
    extra: &'a Map,
}

#[derive(Serialize)]
struct GlobalView<'a> {
    request_id: &'a str,
    user: Option<&'a Value>,
    user_context: Option<&'a UserContext>,
    tenant_id: Option<&'a str>,
    server_id: Option<&'a str>,
    content_type: Option<&'a str>,
    state: Object<'a>,
    metadata: Object<'a>,
    #[serde(flatten)]
    extra: &'a Map,
}

/// A map that hosts want as an object even where it came as null.
struct Object<'a>(&'a Map);

impl Serialize for Object<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0)
    }
}

impl Serialize for PluginContext {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let contents = self.contents();
        let global = &contents.global;
        let view = ContextView {
            state: Object(self.state()),
            global_context: GlobalView {
                request_id: global.request_id(),
                user: global.user(),
                user_context: global.user_context(),
                tenant_id: global.tenant_id(),
                server_id: global.server_id(),
                content_type: global.content_type(),
                state: Object(global.state()),
                metadata: Object(global.metadata()),
                extra: &global.extra,
            },
            metadata: Object(self.metadata()),
            extra: &contents.extra,
        };
        view.serialize(serializer)
    }
}
