//! What travels with a payload: who asks, and what plugins remember about the request.

mod global;
mod json;
mod section;
mod user;
mod wire;

use std::sync::Arc;

use bytes::Bytes;

pub use global::GlobalContext;
pub use user::UserContext;

use section::Section;

use crate::value::Map;

/// The context of a call (`protocol.md`, section 6).
///
/// `state` and `metadata` belong to one plugin and one request: what a pre hook leaves there, the post hook of the same
/// request finds. The [`GlobalContext`] is shared by all plugins of the request.
///
/// Nothing of a context is parsed before it is asked for. It goes back to the host when a hook changed any of its maps.
///
/// ```
/// use plugin_sdk::PluginContext;
///
/// let mut context = PluginContext::new("request-1");
/// context.state_mut().insert("checked".into(), true.into());
/// assert_eq!(context.global_context().request_id(), "request-1");
/// ```
#[derive(Clone, Debug, Default)]
pub struct PluginContext {
    plugin_name: Option<Arc<str>>,
    global: GlobalContext,
    state: Section,
    metadata: Section,
    /// The message it came in.
    raw: Bytes,
    /// Keys of the JSON form that this version does not know.
    extra: Map,
}

impl PluginContext {
    /// A context of a request that has nothing but its identifier; for tests.
    pub fn new(request_id: impl Into<String>) -> Self {
        let global = GlobalContext {
            request_id: request_id.into().into(),
            ..GlobalContext::default()
        };
        Self {
            global,
            ..Self::default()
        }
    }

    /// Sets the part that all plugins of the request share; for tests.
    #[must_use]
    pub fn with_global_context(mut self, change: impl FnOnce(GlobalContext) -> GlobalContext) -> Self {
        self.global = change(std::mem::take(&mut self.global));
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
        self.global.request_id()
    }

    /// The e-mail address of the user, wherever the host put it.
    pub fn user_email(&self) -> Option<&str> {
        self.global.user_email()
    }

    /// What all plugins of the request share.
    pub fn global_context(&self) -> &GlobalContext {
        &self.global
    }

    /// What all plugins of the request share, to be changed.
    pub fn global_context_mut(&mut self) -> &mut GlobalContext {
        &mut self.global
    }

    /// What this plugin remembers about the request.
    pub fn state(&self) -> &Map {
        self.state.map()
    }

    /// What this plugin remembers about the request, to be changed.
    pub fn state_mut(&mut self) -> &mut Map {
        self.state.map_mut()
    }

    /// Notes of this plugin about the request.
    pub fn metadata(&self) -> &Map {
        self.metadata.map()
    }

    /// Notes of this plugin about the request, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Map {
        self.metadata.map_mut()
    }

    /// Takes over what a plugin gave back, as all hosts do (`protocol.md`, section 6.4): its state and metadata, and the state
    /// that plugins share. An empty shared state counts only where the sender can say that it is empty.
    #[cfg(feature = "host")]
    pub(crate) fn take_over(&mut self, returned: Self, empty_counts: bool) {
        self.state = returned.state.settled();
        self.metadata = returned.metadata.settled();
        self.global.take_over(returned.global, empty_counts);
    }

    /// Whether a hook changed anything, so that the whole context must go back: hosts replace theirs with it.
    pub(crate) fn is_changed(&self) -> bool {
        // One without the plugin's name is one that the hook put in the place of its own.
        self.plugin_name.is_none()
            || self.state.is_changed()
            || self.metadata.is_changed()
            || self.global.is_changed()
    }
}
