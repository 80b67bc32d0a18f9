//! The slot `http`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// The HTTP request that a message came with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpExtension {
    /// The request's headers. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub headers: Map<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    HttpExtension {
        with_headers(headers: Map<String>);
    }
}
