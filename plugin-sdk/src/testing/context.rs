//! Contexts, as a test writes them.

use crate::{context::PluginContext, value::Value};

/// With the feature `testing`, contexts are made in a line.
impl PluginContext {
    /// Sets the user: an e-mail address, or an object.
    ///
    /// ```
    /// use plugin_sdk::PluginContext;
    ///
    /// let context = PluginContext::new("request-1")
    ///     .with_user("jane@example.com")
    ///     .with_tenant("acme")
    ///     .with_server("tools")
    ///     .with_state("seen", 2)
    ///     .with_shared_state("budget", 10);
    /// assert_eq!(context.user_email(), Some("jane@example.com"));
    /// assert_eq!(context.global_context().tenant_id(), Some("acme"));
    /// assert_eq!(context.state()["seen"], 2);
    /// ```
    #[must_use]
    pub fn with_user(self, user: impl Into<Value>) -> Self {
        self.with_global_context(|global| global.with_user(user))
    }

    /// Sets the tenant.
    #[must_use]
    pub fn with_tenant(self, tenant_id: impl Into<String>) -> Self {
        self.with_global_context(|global| global.with_tenant_id(tenant_id))
    }

    /// Sets the virtual server.
    #[must_use]
    pub fn with_server(self, server_id: impl Into<String>) -> Self {
        self.with_global_context(|global| global.with_server_id(server_id))
    }

    /// Adds to what the plugin remembers about the request, as a hook before left it.
    #[must_use]
    pub fn with_state(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.state_mut().insert(key.into(), value.into());
        self
    }

    /// Adds to the plugin's notes about the request.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata_mut().insert(key.into(), value.into());
        self
    }

    /// Adds to the state that all plugins of the request share.
    #[must_use]
    pub fn with_shared_state(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.global_context_mut()
            .state_mut()
            .insert(key.into(), value.into());
        self
    }

    /// Adds to what the host says about the request.
    #[must_use]
    pub fn with_shared_metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.global_context_mut()
            .metadata_mut()
            .insert(key.into(), value.into());
        self
    }
}
