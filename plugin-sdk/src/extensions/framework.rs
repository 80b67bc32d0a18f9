//! The slot `framework`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// The agent framework that a message passes through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FrameworkExtension {
    /// The framework's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// The framework's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework_version: Option<String>,
    /// The id of the node or step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// The id of the graph or workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph_id: Option<String>,
    /// What else the framework tells. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub metadata: Map,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    FrameworkExtension {
        with_framework(framework: Option<String>);
        with_framework_version(framework_version: Option<String>);
        with_node_id(node_id: Option<String>);
        with_graph_id(graph_id: Option<String>);
        with_metadata(metadata: Map);
    }
}
