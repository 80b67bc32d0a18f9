//! What a hook answers.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    denial_metadata::{DenialMetadata, DenialMetric},
    error::PluginError,
    extensions::Extensions,
    value::{Map, Value},
    violation::PluginViolation,
};

/// What a hook method returns: a result, or an error. `?` works on what a [`PluginError`] can be made of.
pub type HookResult<T> = Result<PluginResult<T>, PluginError>;

/// The answer of a hook: let the call pass, change its payload, or deny it ([protocol, section
/// 7](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#7-results)).
///
/// Everything that is set goes to the host, on a denial as well. What the host makes of it depends on the mode that the
/// operator gave the plugin.
///
/// ```
/// use plugin_sdk::{PluginResult, PluginViolation, prelude::ToolPreInvokePayload};
///
/// let allow: PluginResult<ToolPreInvokePayload> = PluginResult::allow();
/// assert!(allow.continue_processing);
///
/// let deny: PluginResult<ToolPreInvokePayload> =
///     PluginResult::deny(PluginViolation::new("Too many requests", "RATE_LIMIT")).with_retry_delay_ms(1500);
/// assert!(!deny.continue_processing);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[must_use = "the host only learns of a result that the hook returns"]
pub struct PluginResult<T> {
    /// Whether the call goes on. `false` denies it.
    pub continue_processing: bool,
    /// The whole payload in its new form, if it changed. Hosts then take over its writable fields. On gRPC and Unix sockets
    /// every number in it reaches a Python host as a float.
    pub modified_payload: Option<T>,
    /// New extensions; the last plugin that sets them wins. Boxed, since few results have any.
    pub modified_extensions: Option<Box<Extensions>>,
    /// Why the call is denied.
    pub violation: Option<PluginViolation>,
    /// Notes about the call. The host merges those of all plugins.
    pub metadata: Map,
    /// Numbers about a denial, for telemetry.
    pub denial_metadata: Option<DenialMetadata>,
    /// Headers for the HTTP response. The hosts up to cpex 0.1.4 receive them but don't use them.
    pub http_headers: Option<Map<String>>,
    /// After how many milliseconds the gateway calls the tool again; 0 for never. Read after `tool_post_invoke`.
    pub retry_delay_ms: u64,
}

impl<T> PluginResult<T> {
    /// Lets the call pass as it is.
    pub fn allow() -> Self {
        Self {
            continue_processing: true,
            modified_payload: None,
            modified_extensions: None,
            violation: None,
            metadata: Map::new(),
            denial_metadata: None,
            http_headers: None,
            retry_delay_ms: 0,
        }
    }

    /// Denies the call.
    pub fn deny(violation: PluginViolation) -> Self {
        Self {
            continue_processing: false,
            violation: Some(violation),
            ..Self::allow()
        }
    }

    /// Lets the call pass with another payload. It must be complete: hosts replace theirs with it.
    pub fn modify_payload(payload: T) -> Self {
        Self {
            modified_payload: Some(payload),
            ..Self::allow()
        }
    }

    /// Adds a note about the call.
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Adds a number about the denial.
    pub fn with_denial_metadata(mut self, key: impl Into<String>, metric: impl Into<DenialMetric>) -> Self {
        self.denial_metadata.get_or_insert_default().insert(key, metric);
        self
    }

    /// Adds a header for the HTTP response.
    pub fn with_http_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.http_headers
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// Asks the gateway to call the tool again after so many milliseconds.
    pub fn with_retry_delay_ms(mut self, milliseconds: u64) -> Self {
        self.retry_delay_ms = milliseconds;
        self
    }

    /// Sets new extensions.
    pub fn with_modified_extensions(mut self, extensions: Extensions) -> Self {
        self.modified_extensions = Some(Box::new(extensions));
        self
    }
}

/// A result as the host reads it: what is not set is left out, since hosts fill in the same defaults. Only
/// `continue_processing` is always there, because hosts take its absence for permission.
pub(crate) struct ResultFields<'a, T> {
    pub(crate) result: &'a PluginResult<T>,
    /// On protobuf transports the denial metadata has a message of its own, which keeps 64-bit integers.
    pub(crate) denial_metadata: bool,
}

impl<T: Serialize> Serialize for ResultFields<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let result = self.result;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("continue_processing", &result.continue_processing)?;
        if let Some(payload) = &result.modified_payload {
            map.serialize_entry("modified_payload", payload)?;
        }
        if let Some(extensions) = &result.modified_extensions {
            map.serialize_entry("modified_extensions", extensions)?;
        }
        if let Some(violation) = &result.violation {
            map.serialize_entry("violation", violation)?;
        }
        if !result.metadata.is_empty() {
            map.serialize_entry("metadata", &result.metadata)?;
        }
        if let Some(metadata) = result.denial_metadata.as_ref().filter(|_| self.denial_metadata) {
            map.serialize_entry("denial_metadata", metadata)?;
        }
        if let Some(headers) = &result.http_headers {
            map.serialize_entry("http_headers", headers)?;
        }
        if result.retry_delay_ms != 0 {
            map.serialize_entry("retry_delay_ms", &result.retry_delay_ms)?;
        }
        map.end()
    }
}
