//! The slot `meta`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// What the host knows about the entity that is called.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MetaExtension {
    /// The tags, a set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The group that the entity belongs to; its meaning is the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What else the host tells. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub properties: Map<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    MetaExtension {
        with_tags(tags: Vec<String>);
        with_scope(scope: Option<String>);
        with_properties(properties: Map<String>);
    }
}
