//! What travels with a payload: who asks, and what plugins remember about the request.

mod contents;
mod global;
mod json;
mod section;
mod skimmed;
mod user;
mod wire;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

pub use global::GlobalContext;
pub use user::UserContext;

use contents::Contents;

use crate::{
    codec::{Encoding, nesting::Nesting, raw::part_of},
    value::Map,
};

/// The context of a call ([protocol, section
/// 6](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#6-context)).
///
/// `state` and `metadata` belong to one plugin and one request: what a pre hook leaves there, the post hook of the same
/// request finds. The [`GlobalContext`] is shared by all plugins of the request.
///
/// What a hook does not ask for is checked, and kept as it came. The context goes back to the host when a hook changed any of its maps.
///
/// ```
/// use plugin_sdk::PluginContext;
///
/// let mut context = PluginContext::new("request-1");
/// context.state_mut().insert("checked".into(), true.into());
/// assert_eq!(context.global_context().request_id(), "request-1");
/// ```
#[derive(Clone, Default)]
pub struct PluginContext {
    plugin_name: Option<Arc<str>>,
    /// What it came in, where that was checked and no more: of a small call that looks at no context, reading it would take a third
    /// more of the instructions.
    arrived: Option<Arrived>,
    /// What was read of it, until something is asked for to be changed.
    read: OnceLock<Box<Contents>>,
    own: Option<Box<Contents>>,
}

/// A context that was checked: it is read without an error.
#[derive(Debug)]
struct Arrived {
    raw: Bytes,
    encoding: Encoding,
    nesting: Nesting,
}

impl Arrived {
    fn read(&self) -> Contents {
        let contents = match self.encoding {
            Encoding::Protobuf => Contents::of_wire(self.raw.clone(), self.nesting.levels),
            Encoding::Json => Contents::of_json(&self.raw, self.nesting.json),
        };
        contents.unwrap_or_else(|error| {
            tracing::error!("a context that was checked can't be read: {error}");
            Contents::default()
        })
    }
}

/// A plugin that keeps a context which it has not looked into does not keep all that came with it.
impl Clone for Arrived {
    fn clone(&self) -> Self {
        Self {
            raw: part_of(&self.raw, &self.raw),
            ..*self
        }
    }
}

impl PluginContext {
    /// A context of a request that has nothing but its identifier; for tests.
    pub fn new(request_id: impl Into<String>) -> Self {
        let global = GlobalContext {
            request_id: request_id.into().into(),
            ..GlobalContext::default()
        };
        Self::of_contents(Contents {
            global,
            ..Contents::default()
        })
    }

    fn of_arrived(raw: Bytes, encoding: Encoding, nesting: Nesting) -> Self {
        Self {
            arrived: Some(Arrived {
                raw,
                encoding,
                nesting,
            }),
            ..Self::default()
        }
    }

    fn of_contents(contents: Contents) -> Self {
        Self {
            own: Some(Box::new(contents)),
            ..Self::default()
        }
    }

    fn contents(&self) -> &Contents {
        match &self.own {
            Some(own) => own,
            None => self.read.get_or_init(|| Box::new(read(self.arrived.as_ref()))),
        }
    }

    fn contents_mut(&mut self) -> &mut Contents {
        let (arrived, earlier) = (&mut self.arrived, &mut self.read);
        self.own.get_or_insert_with(|| {
            let (arrived, earlier) = (arrived.take(), earlier.take());
            earlier.unwrap_or_else(|| Box::new(read(arrived.as_ref())))
        })
    }

    /// Sets the part that all plugins of the request share; for tests.
    #[must_use]
    pub fn with_global_context(mut self, change: impl FnOnce(GlobalContext) -> GlobalContext) -> Self {
        let global = &mut self.contents_mut().global;
        *global = change(std::mem::take(global));
        self
    }

    pub(crate) fn set_plugin(&mut self, name: Arc<str>) {
        self.plugin_name = Some(name);
    }

    /// The name under which the operator configured the plugin that is called; empty in a context that a test made.
    pub fn plugin_name(&self) -> &str {
        self.plugin_name.as_deref().unwrap_or_default()
    }

    /// The identifier of the request.
    pub fn request_id(&self) -> &str {
        self.global_context().request_id()
    }

    /// The e-mail address of the user, wherever the host put it.
    pub fn user_email(&self) -> Option<&str> {
        self.global_context().user_email()
    }

    /// What all plugins of the request share.
    pub fn global_context(&self) -> &GlobalContext {
        &self.contents().global
    }

    /// What all plugins of the request share, to be changed.
    pub fn global_context_mut(&mut self) -> &mut GlobalContext {
        &mut self.contents_mut().global
    }

    /// What this plugin remembers about the request.
    pub fn state(&self) -> &Map {
        self.contents().state.map()
    }

    /// What this plugin remembers about the request, to be changed.
    pub fn state_mut(&mut self) -> &mut Map {
        self.contents_mut().state.map_mut()
    }

    /// Notes of this plugin about the request.
    pub fn metadata(&self) -> &Map {
        self.contents().metadata.map()
    }

    /// Notes of this plugin about the request, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Map {
        self.contents_mut().metadata.map_mut()
    }

    /// Takes over what a plugin gave back, as all hosts do ([protocol, section
    /// 6.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#64-what-goes-back)): its
    /// state and metadata, and the state that plugins share. An empty shared state counts only where the sender can say
    /// that it is empty.
    #[cfg(feature = "host")]
    pub(crate) fn take_over(&mut self, returned: Self, empty_counts: bool) {
        let returned = returned.into_contents();
        let contents = self.contents_mut();
        contents.state = returned.state.settled();
        contents.metadata = returned.metadata.settled();
        contents.global.take_over(returned.global, empty_counts);
    }

    #[cfg(feature = "host")]
    fn into_contents(mut self) -> Contents {
        std::mem::take(self.contents_mut())
    }

    /// Whether a hook changed anything, so that the whole context must go back: hosts replace theirs with it.
    pub(crate) fn is_changed(&self) -> bool {
        // One without the plugin's name is one that the hook put in the place of its own.
        self.plugin_name.is_none() || self.own.as_ref().is_some_and(|own| own.is_changed())
    }
}

impl fmt::Debug for PluginContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PluginContext")
            .field("plugin_name", &self.plugin_name())
            .field("global_context", self.global_context())
            .field("state", self.state())
            .field("metadata", self.metadata())
            .finish_non_exhaustive()
    }
}

fn read(arrived: Option<&Arrived>) -> Contents {
    arrived.map(Arrived::read).unwrap_or_default()
}
