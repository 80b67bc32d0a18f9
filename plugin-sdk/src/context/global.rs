//! The part of a context that all plugins of a request share.

use std::fmt;

use bytes::Bytes;

use super::{section::Section, user::UserContext};
use crate::{
    codec::text::Text,
    value::{Map, Value},
};

/// What the host knows about the request, and what plugins tell one another about it ([protocol, section
/// 6](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#6-context)).
///
/// ```
/// use plugin_sdk::PluginContext;
///
/// let mut context = PluginContext::new("request-1")
///     .with_global_context(|global| global.with_user("jane@example.com").with_tenant_id("acme"));
/// context.global_context_mut().state_mut().insert("risk".into(), 0.5.into());
///
/// let global = context.global_context();
/// assert_eq!((global.user_email(), global.tenant_id()), (Some("jane@example.com"), Some("acme")));
/// assert_eq!(global.state()["risk"], 0.5);
/// ```
#[derive(Clone, Default)]
pub struct GlobalContext {
    pub(super) request_id: Text,
    pub(super) server_id: Text,
    pub(super) tenant_id: Text,
    pub(super) content_type: Text,
    /// The authenticated user, as the host sent it.
    pub(super) user: Option<Value>,
    pub(super) user_context: Option<Box<UserContext>>,
    pub(super) state: Section,
    pub(super) metadata: Section,
    /// Whether it came with a call, in contrast to one that a hook put in its place.
    pub(super) arrived: bool,
    /// The message it came in.
    pub(super) raw: Bytes,
    /// Keys of the JSON form that this version does not know.
    pub(super) extra: Map,
}

impl GlobalContext {
    /// The identifier of the request, the same for all of its hooks; empty if the host sent none.
    pub fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// The virtual server that the request goes to.
    pub fn server_id(&self) -> Option<&str> {
        self.server_id.to_option()
    }

    /// The tenant that the request belongs to.
    pub fn tenant_id(&self) -> Option<&str> {
        self.tenant_id.to_option()
    }

    /// The content type of the request. Only MCP carries it.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.to_option()
    }

    /// The authenticated user: a string, or an object.
    pub fn user(&self) -> Option<&Value> {
        self.user.as_ref()
    }

    /// The authenticated user in detail. Only MCP carries it.
    pub fn user_context(&self) -> Option<&UserContext> {
        self.user_context.as_deref()
    }

    /// The e-mail address of the user: of the user context, else the user if it is a string, else the user's `email`.
    pub fn user_email(&self) -> Option<&str> {
        if let Some(email) = self.user_context().and_then(|user| user.email.as_deref()) {
            return Some(email);
        }
        match self.user()? {
            Value::String(name) => Some(name),
            user => user.get("email")?.as_str(),
        }
    }

    /// State that all plugins of the request share. Hosts merge what a plugin adds or replaces; they don't remove keys.
    pub fn state(&self) -> &Map {
        self.state.map()
    }

    /// The shared state, to be changed.
    pub fn state_mut(&mut self) -> &mut Map {
        self.state.map_mut()
    }

    /// What the host says about the request. Hosts ignore changes of it.
    pub fn metadata(&self) -> &Map {
        self.metadata.map()
    }

    /// The metadata, to be changed. Hosts ignore that.
    pub fn metadata_mut(&mut self) -> &mut Map {
        self.metadata.map_mut()
    }

    /// Sets the virtual server; for tests.
    #[must_use]
    pub fn with_server_id(mut self, server_id: impl Into<String>) -> Self {
        self.server_id = server_id.into().into();
        self
    }

    /// Sets the tenant; for tests.
    #[must_use]
    pub fn with_tenant_id(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant_id = tenant_id.into().into();
        self
    }

    /// Sets the user; for tests.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<Value>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the content type; for tests.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into().into();
        self
    }

    /// Sets the user context; for tests.
    #[must_use]
    pub fn with_user_context(mut self, user_context: UserContext) -> Self {
        self.user_context = Some(Box::new(user_context));
        self
    }

    #[cfg(feature = "host")]
    pub(super) fn take_over(&mut self, returned: Self, empty_counts: bool) {
        if empty_counts || !returned.state.map().is_empty() {
            self.state = returned.state.settled();
            // The bytes that it came in, if it came in any, have another state.
            self.arrived = false;
        }
    }

    pub(super) fn is_changed(&self) -> bool {
        !self.arrived || self.state.is_changed() || self.metadata.is_changed()
    }
}

impl fmt::Debug for GlobalContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GlobalContext")
            .field("request_id", &self.request_id())
            .field("server_id", &self.server_id())
            .field("tenant_id", &self.tenant_id())
            .field("content_type", &self.content_type())
            .field("user", &self.user())
            .field("user_context", &self.user_context())
            .field("state", self.state())
            .field("metadata", self.metadata())
            .finish_non_exhaustive()
    }
}
