//! Why a plugin denies a call.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::value::{Map, Value};

/// The reason of a denial, as the caller of the gateway gets to see it ([protocol, section
/// 7.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#74-violations)).
///
/// ContextForge answers a denied call with a JSON-RPC error: its code is `mcp_error_code` or -32602, its message is the
/// `description`, its data holds `description`, `details`, `code` and the plugin's name.
///
/// ```
/// use plugin_sdk::PluginViolation;
///
/// let violation = PluginViolation::new("Too many requests", "RATE_LIMIT")
///     .with_description("The limit of 10 calls per minute is reached")
///     .with_detail("limit", 10)
///     .with_http_status_code(429)
///     .with_http_header("Retry-After", "30");
/// assert_eq!(violation.code, "RATE_LIMIT");
/// ```
///
/// A violation is an error: `?` on it in a hook denies the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PluginViolation {
    /// The kind of violation in a few words.
    pub reason: String,
    /// What happened, in a sentence. As long as it is not set, it is the reason.
    pub description: String,
    /// A code for programs, such as `RATE_LIMIT`. ContextForge derives the HTTP status from some of them.
    pub code: String,
    /// Whatever helps to understand the denial.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map,
    /// The code of the JSON-RPC error; the gateway's default is -32602.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_error_code: Option<i32>,
    /// The status of the HTTP response. ContextForge takes 400 to 511 where RFC 9110 has a meaning for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status_code: Option<u16>,
    /// Headers of the HTTP response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_headers: Option<Map<String>>,
}

impl PluginViolation {
    /// A violation with this reason and code, and the reason as its description.
    pub fn new(reason: impl Into<String>, code: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            description: reason.clone(),
            reason,
            code: code.into(),
            details: Map::new(),
            mcp_error_code: None,
            http_status_code: None,
            http_headers: None,
        }
    }

    /// The violation without its open parts.
    pub(crate) fn bare(&self) -> Self {
        Self {
            reason: self.reason.clone(),
            description: self.description.clone(),
            code: self.code.clone(),
            details: Map::new(),
            mcp_error_code: self.mcp_error_code,
            http_status_code: self.http_status_code,
            http_headers: None,
        }
    }

    /// Sets what happened, in a sentence.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds one of the details.
    #[must_use]
    pub fn with_detail(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(key.into(), value.into());
        self
    }

    /// Sets all details.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<Map>) -> Self {
        self.details = details.into();
        self
    }

    /// Sets the code of the JSON-RPC error.
    #[must_use]
    pub fn with_mcp_error_code(mut self, code: i32) -> Self {
        self.mcp_error_code = Some(code);
        self
    }

    /// Sets the status of the HTTP response.
    #[must_use]
    pub fn with_http_status_code(mut self, status: u16) -> Self {
        self.http_status_code = Some(status);
        self
    }

    /// Adds a header of the HTTP response.
    #[must_use]
    pub fn with_http_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.http_headers
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }
}

impl fmt::Display for PluginViolation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.description, self.code)
    }
}

impl std::error::Error for PluginViolation {}
