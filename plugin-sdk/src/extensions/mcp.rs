//! The slot `mcp`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// The MCP entity that a message is about.
#[doc(alias = "MCPExtension")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct McpExtension {
    /// The tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolMetadata>,
    /// The resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceMetadata>,
    /// The prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<PromptMetadata>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    McpExtension {
        with_tool(tool: Option<ToolMetadata>);
        with_resource(resource: Option<ResourceMetadata>);
        with_prompt(prompt: Option<PromptMetadata>);
    }
}

/// A tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolMetadata {
    /// The tool's name.
    pub name: String,
    /// A name for humans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the tool does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON schema of the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Map>,
    /// The JSON schema of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map>,
    /// The id of the server that offers the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// The namespace of the tool's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The annotations of MCP. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub annotations: Map,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl ToolMetadata {
    /// A tool of which only the name is known.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            input_schema: None,
            output_schema: None,
            server_id: None,
            namespace: None,
            annotations: Map::new(),
            extra: Map::new(),
        }
    }
}

setters! {
    ToolMetadata {
        with_title(title: Option<String>);
        with_description(description: Option<String>);
        with_input_schema(input_schema: Option<Map>);
        with_output_schema(output_schema: Option<Map>);
        with_server_id(server_id: Option<String>);
        with_namespace(namespace: Option<String>);
        with_annotations(annotations: Map);
    }
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceMetadata {
    /// The resource's URI.
    pub uri: String,
    /// The resource's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the resource holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The MIME type of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The id of the server that offers the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// The annotations of MCP. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub annotations: Map,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl ResourceMetadata {
    /// A resource of which only the URI is known.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            name: None,
            description: None,
            mime_type: None,
            server_id: None,
            annotations: Map::new(),
            extra: Map::new(),
        }
    }
}

setters! {
    ResourceMetadata {
        with_name(name: Option<String>);
        with_description(description: Option<String>);
        with_mime_type(mime_type: Option<String>);
        with_server_id(server_id: Option<String>);
        with_annotations(annotations: Map);
    }
}

/// A prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptMetadata {
    /// The prompt's name.
    pub name: String,
    /// What the prompt is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The arguments that the prompt takes, as objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Vec<Map>>,
    /// The id of the server that offers the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<String>,
    /// The annotations of MCP. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub annotations: Map,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl PromptMetadata {
    /// A prompt of which only the name is known.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            arguments: None,
            server_id: None,
            annotations: Map::new(),
            extra: Map::new(),
        }
    }
}

setters! {
    PromptMetadata {
        with_description(description: Option<String>);
        with_arguments(arguments: Option<Vec<Map>>);
        with_server_id(server_id: Option<String>);
        with_annotations(annotations: Map);
    }
}
