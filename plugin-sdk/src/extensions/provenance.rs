//! The slot `provenance`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// Where a message comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvenanceExtension {
    /// The source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The id of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The id of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    ProvenanceExtension {
        with_source(source: Option<String>);
        with_message_id(message_id: Option<String>);
        with_parent_id(parent_id: Option<String>);
    }
}
