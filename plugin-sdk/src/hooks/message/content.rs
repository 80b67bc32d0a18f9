//! What the parts of a message hold ([protocol, section
//! 5.8](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#58-message-parts)).

use serde::{Deserialize, Serialize};

use super::Message;
use crate::open_enum::open_enum;
use crate::setters::setters;
use crate::value::{Map, Value};

/// A request to call a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id that the result will carry.
    pub tool_call_id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments by name. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub arguments: Map,
    /// The namespace of the tool's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl ToolCall {
    /// A call without arguments.
    pub fn new(tool_call_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            tool_call_id: tool_call_id.into(),
            name: name.into(),
            arguments: Map::new(),
            namespace: None,
            extra: Map::new(),
        }
    }
}

setters! {
    ToolCall {
        with_arguments(arguments: Map);
        with_namespace(namespace: Option<String>);
    }
}

/// What a tool returned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolResult {
    /// The id of the call.
    pub tool_call_id: String,
    /// The tool's name.
    pub tool_name: String,
    /// What it returned. Null by default.
    #[serde(default)]
    pub content: Value,
    /// Whether the tool failed. `false` by default.
    #[serde(default)]
    pub is_error: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl ToolResult {
    /// The result of a call that succeeded.
    pub fn new(
        tool_call_id: impl Into<String>,
        tool_name: impl Into<String>,
        content: impl Into<Value>,
    ) -> Self {
        Self {
            tool_call_id: tool_call_id.into(),
            tool_name: tool_name.into(),
            content: content.into(),
            is_error: false,
            extra: Map::new(),
        }
    }
}

setters! { ToolResult { with_is_error(is_error: bool); } }

/// A resource with its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resource {
    /// The id of the request for the resource.
    pub resource_request_id: String,
    /// The resource's URI.
    pub uri: String,
    /// A name for humans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the resource holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What kind of resource it is.
    pub resource_type: ResourceType,
    /// The content, if it is text. A host refuses a resource with both `content` and `blob`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The content, if it is binary. Python hosts send bytes only where they happen to be UTF-8, and as they are (not
    /// as Base64).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// The MIME type of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The size of the content in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// What else is known about the resource. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub annotations: Map,
    /// The version of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl Resource {
    /// A resource without content.
    pub fn new(
        resource_request_id: impl Into<String>,
        uri: impl Into<String>,
        resource_type: impl Into<ResourceType>,
    ) -> Self {
        Self {
            resource_request_id: resource_request_id.into(),
            uri: uri.into(),
            name: None,
            description: None,
            resource_type: resource_type.into(),
            content: None,
            blob: None,
            mime_type: None,
            size_bytes: None,
            annotations: Map::new(),
            version: None,
            extra: Map::new(),
        }
    }
}

setters! {
    Resource {
        with_name(name: Option<String>);
        with_description(description: Option<String>);
        with_content(content: Option<String>);
        with_blob(blob: Option<String>);
        with_mime_type(mime_type: Option<String>);
        with_size_bytes(size_bytes: Option<u64>);
        with_annotations(annotations: Map);
        with_version(version: Option<String>);
    }
}

/// A reference to a resource, or to a range of it, without its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceReference {
    /// The id of the request for the resource.
    pub resource_request_id: String,
    /// The resource's URI.
    pub uri: String,
    /// A name for humans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind of resource it is.
    pub resource_type: ResourceType,
    /// Where the range starts: a line number or a byte offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range_start: Option<i64>,
    /// Where the range ends. A host refuses an end before the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range_end: Option<i64>,
    /// A selector into the resource: CSS, `XPath` or `JSONPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl ResourceReference {
    /// A reference to the whole resource.
    pub fn new(
        resource_request_id: impl Into<String>,
        uri: impl Into<String>,
        resource_type: impl Into<ResourceType>,
    ) -> Self {
        Self {
            resource_request_id: resource_request_id.into(),
            uri: uri.into(),
            name: None,
            resource_type: resource_type.into(),
            range_start: None,
            range_end: None,
            selector: None,
            extra: Map::new(),
        }
    }
}

setters! {
    ResourceReference {
        with_name(name: Option<String>);
        with_range_start(range_start: Option<i64>);
        with_range_end(range_end: Option<i64>);
        with_selector(selector: Option<String>);
    }
}

/// A request to render a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptRequest {
    /// The id that the result will carry.
    pub prompt_request_id: String,
    /// The prompt's name.
    pub name: String,
    /// The values for the prompt's template by name. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub arguments: Map,
    /// The server that offers the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl PromptRequest {
    /// A request without arguments.
    pub fn new(prompt_request_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            prompt_request_id: prompt_request_id.into(),
            name: name.into(),
            arguments: Map::new(),
            server_id: None,
            extra: Map::new(),
        }
    }
}

setters! {
    PromptRequest {
        with_arguments(arguments: Map);
        with_server_id(server_id: Option<String>);
    }
}

/// A rendered prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptResult {
    /// The id of the request.
    pub prompt_request_id: String,
    /// The prompt's name.
    pub prompt_name: String,
    /// The messages that the prompt rendered to. Empty by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// The text that a simple prompt rendered to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Whether the prompt could not be rendered. `false` by default.
    #[serde(default)]
    pub is_error: bool,
    /// Why it could not be rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl PromptResult {
    /// An empty result.
    pub fn new(prompt_request_id: impl Into<String>, prompt_name: impl Into<String>) -> Self {
        Self {
            prompt_request_id: prompt_request_id.into(),
            prompt_name: prompt_name.into(),
            messages: Vec::new(),
            content: None,
            is_error: false,
            error_message: None,
            extra: Map::new(),
        }
    }
}

setters! {
    PromptResult {
        with_messages(messages: Vec<Message>);
        with_content(content: Option<String>);
        with_is_error(is_error: bool);
        with_error_message(error_message: Option<String>);
    }
}

open_enum! {
    /// What kind of thing a resource is.
    ResourceType {
        /// A file.
        File = "file",
        /// Binary data.
        Blob = "blob",
        /// Anything with a URI.
        Uri = "uri",
        /// A table, a row, or another part of a database.
        Database = "database",
        /// An endpoint of an API.
        Api = "api",
        /// Something held in memory only.
        Memory = "memory",
        /// Something that was produced on the way, such as a build result.
        Artifact = "artifact",
    }
}
