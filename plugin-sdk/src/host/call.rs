//! A call as the host makes it: the hook, the payload, the context, and how long it may take.

use std::{fmt, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use super::error::CallError;
use crate::{
    codec::nesting::JsonLevels,
    context::PluginContext,
    protocol::request::{EncodePayload, OutgoingCall},
    value::Document,
};

/// One call of one hook, before it takes the form of a transport.
#[derive(Clone, Copy)]
pub struct HookCall<'a> {
    hook: &'a str,
    payload: &'a (dyn EncodePayload + Sync),
    context: &'a PluginContext,
    options: CallOptions,
}

impl<'a> HookCall<'a> {
    /// A call with a payload of any type that serde writes as an object.
    pub fn new<P: Serialize + Sync>(hook: &'a str, payload: &'a P, context: &'a PluginContext) -> Self {
        Self {
            hook,
            payload,
            context,
            options: CallOptions::default(),
        }
    }

    /// Sets how the call is made.
    #[must_use]
    pub fn with_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// The hook.
    pub fn hook(&self) -> &'a str {
        self.hook
    }

    /// The context.
    pub fn context(&self) -> &'a PluginContext {
        self.context
    }

    /// The payload, read as a type: that of the hook, or a [`Map`](crate::Map). It is written and read again for that.
    ///
    /// # Errors
    ///
    /// [`CallError::InvalidRequest`] when the payload has no form on the wire, or is not of this type.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let levels = JsonLevels::new(JsonLevels::MAX);
        let mut text = Vec::new();
        self.payload
            .write_json(&mut text, levels)
            .and_then(|()| Document::of_json(&text, levels).decode())
            .map_err(|error| CallError::invalid_request(&error.in_key("payload")))
    }

    /// How the call is made.
    pub fn options(&self) -> CallOptions {
        self.options
    }

    /// The call of this plugin.
    pub(crate) fn outgoing(&self, plugin_name: &'a str) -> OutgoingCall<'a> {
        OutgoingCall {
            hook_type: self.hook,
            plugin_name,
            payload: self.payload,
            context: self.context,
        }
    }
}

impl fmt::Debug for HookCall<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HookCall")
            .field("hook", &self.hook)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How one call is made. What is not set is as the plugin's configuration has it.
///
/// ```
/// use plugin_sdk::host::CallOptions;
/// use std::time::Duration;
///
/// let options = CallOptions::new().with_timeout(Duration::from_secs(2)).with_repeatable(true);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) repeatable: bool,
}

impl CallOptions {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long the call may take, with everything that belongs to it: connecting, waiting for a free connection, trying
    /// again.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets whether the plugin may see the call twice: it is then also repeated when the connection was lost after it was sent.
    #[must_use]
    pub fn with_repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }
}
