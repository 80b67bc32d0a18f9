//! The slot `llm`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// The model that a message goes to or comes from.
#[doc(alias = "LLMExtension")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LlmExtension {
    /// The id of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// Who offers the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What the model can do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    LlmExtension {
        with_model_id(model_id: Option<String>);
        with_provider(provider: Option<String>);
        with_capabilities(capabilities: Vec<String>);
    }
}
