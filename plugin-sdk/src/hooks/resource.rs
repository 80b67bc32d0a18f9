//! Payloads of the resource hooks ([protocol, section
//! 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::{Map, Value};

/// A resource before it is fetched; payload and result of [`ResourcePreFetch`](super::ResourcePreFetch).
///
/// The gateway takes back `uri` and `metadata` ([protocol, section
/// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
///
/// ```
/// use plugin_sdk::hooks::ResourcePreFetchPayload;
///
/// let mut payload = ResourcePreFetchPayload::new("http://example.com/data");
/// payload.uri = payload.uri.replace("http://", "https://");
/// assert_eq!(payload.uri, "https://example.com/data");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourcePreFetchPayload {
    /// The resource's URI. Another URI fetches another resource.
    pub uri: String,
    /// What is known about the request. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub metadata: Map,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl ResourcePreFetchPayload {
    /// A request for the resource at `uri`.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            metadata: Map::new(),
            extra: Map::new(),
        }
    }
}

setters! { ResourcePreFetchPayload { with_metadata(metadata: Map); } }

/// A resource after it was fetched; payload and result of [`ResourcePostFetch`](super::ResourcePostFetch).
///
/// The gateway takes back `content` ([protocol, section
/// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourcePostFetchPayload {
    /// The resource's URI.
    pub uri: String,
    /// What was fetched: an object with `type` (`"resource"`), `id`, `uri`, `text` or `blob`, and the MIME type and
    /// metadata, which are called `mime_type` and `meta` over gRPC and Unix sockets, `mimeType` and `_meta` over
    /// MCP. May be null.
    #[serde(default)]
    pub content: Value,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl ResourcePostFetchPayload {
    /// What was found at `uri`.
    pub fn new(uri: impl Into<String>, content: impl Into<Value>) -> Self {
        Self {
            uri: uri.into(),
            content: content.into(),
            extra: Map::new(),
        }
    }
}
