//! What a hook answers.

mod sink;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

pub use sink::Sink;

use crate::{
    denial_metadata::{DenialMetadata, DenialMetric},
    error::PluginError,
    extensions::Extensions,
    value::{Map, Number, Value},
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
/// Its form in serde is that of the protocol: what is not set is left out, since hosts fill in the same defaults. Only
/// `continue_processing` is always there, because hosts take its absence for permission.
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "T: Serialize", deserialize = "T: DeserializeOwned"))]
#[non_exhaustive]
#[must_use = "the host only learns of a result that the hook returns"]
pub struct PluginResult<T> {
    /// Whether the call goes on. `false` denies it.
    #[serde(default = "allowed")]
    pub continue_processing: bool,
    /// The whole payload in its new form, if it changed. Hosts then take over its writable fields. On gRPC and Unix sockets
    /// every number in it reaches a Python host as a float.
    #[serde(serialize_with = "inner", skip_serializing_if = "Option::is_none")]
    pub modified_payload: Option<T>,
    /// New extensions; the last plugin that sets them wins. Boxed, since few results have any.
    #[serde(serialize_with = "inner", skip_serializing_if = "Option::is_none")]
    pub modified_extensions: Option<Box<Extensions>>,
    /// Why the call is denied.
    #[serde(serialize_with = "inner", skip_serializing_if = "Option::is_none")]
    pub violation: Option<PluginViolation>,
    /// Notes about the call. The host merges those of all plugins.
    #[serde(default, deserialize_with = "notes", skip_serializing_if = "Map::is_empty")]
    pub metadata: Map,
    /// Numbers about a denial, for telemetry.
    #[serde(
        default,
        deserialize_with = "denial_metadata",
        skip_serializing_if = "Option::is_none"
    )]
    pub denial_metadata: Option<DenialMetadata>,
    /// Headers for the HTTP response. The hosts up to cpex 0.1.4 receive them but don't use them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_headers: Option<Map<String>>,
    /// After how many milliseconds the gateway calls the tool again; 0 for never. Read after `tool_post_invoke`.
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "is_zero")]
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

    /// Asks the gateway to call the tool again after this number of milliseconds.
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

/// What hosts take for granted when the decision is missing.
fn allowed() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(delay: &u64) -> bool {
    *delay == 0
}

/// What is set, without the option around it, behind which no key is found for the path of an error.
#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn inner<T: Serialize, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// Notes that may be null.
fn notes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn denial_metadata<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DenialMetadata>, D::Error> {
    let map: Option<Map> = Option::deserialize(deserializer)?;
    Ok(map.as_ref().map(DenialMetadata::of_map))
}

/// A whole number, which hosts also take in the form of a double.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    /// Up to here a double tells whole numbers apart.
    const LARGEST: f64 = 9_007_199_254_740_992.0;

    let number = Number::deserialize(deserializer)?;
    let double = number
        .as_f64()
        .filter(|double| double.fract() == 0.0 && (0.0..=LARGEST).contains(double));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is in range"
    )]
    let whole = double.map(|double| double as u64);
    number.as_u64().or(whole).ok_or_else(|| {
        let found = serde::de::Unexpected::Float(double.unwrap_or_default());
        serde::de::Error::invalid_value(found, &"a whole number that is not negative")
    })
}
