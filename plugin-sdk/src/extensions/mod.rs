//! What a host knows about a message besides its content, in slots by subject ([protocol, section
//! 5.9](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#59-extensions)).
//!
//! Hosts do not send extensions to external plugins. A plugin can return some, as `modified_extensions` of its result;
//! the ones of the last plugin in the chain are handed to the caller of the chain.

mod agent;
mod completion;
mod delegation;
mod framework;
mod http;
mod llm;
mod mcp;
mod meta;
mod provenance;
mod request;
mod security;

use serde::{Deserialize, Serialize};

pub use self::agent::{AgentExtension, ConversationContext};
pub use self::completion::{CompletionExtension, StopReason, TokenUsage};
pub use self::delegation::{DelegationExtension, DelegationHop};
pub use self::framework::FrameworkExtension;
pub use self::http::HttpExtension;
pub use self::llm::LlmExtension;
pub use self::mcp::{McpExtension, PromptMetadata, ResourceMetadata, ToolMetadata};
pub use self::meta::MetaExtension;
pub use self::provenance::ProvenanceExtension;
pub use self::request::RequestExtension;
pub use self::security::{
    DataPolicy, ObjectSecurityProfile, RetentionPolicy, SecurityExtension, SubjectExtension, SubjectType,
};
use crate::setters::setters;
use crate::value::{Map, Value};

/// All extensions of a message. A slot that is `None` is not sent.
///
/// ```
/// use plugin_sdk::extensions::{Extensions, SecurityExtension};
///
/// let extensions = Extensions::default()
///     .with_security(SecurityExtension::default().with_labels(["pii"]))
///     .with_custom_value("score", 0.7);
/// assert_eq!(extensions.custom["score"], 0.7);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Extensions {
    /// The request: environment, ids, tracing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestExtension>,
    /// The agent: session, conversation, lineage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentExtension>,
    /// The HTTP request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpExtension>,
    /// Labels, identity, access control, data policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<SecurityExtension>,
    /// The chain of delegations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<DelegationExtension>,
    /// The tool, resource or prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp: Option<McpExtension>,
    /// How a model's answer came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<CompletionExtension>,
    /// Where the message comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceExtension>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<LlmExtension>,
    /// The agent framework.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<FrameworkExtension>,
    /// What the host knows about the entity: tags, scope, properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<MetaExtension>,
    /// Anything else. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub custom: Map,
    /// Slots that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl Extensions {
    /// Adds a value to `custom`.
    #[must_use]
    pub fn with_custom_value(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(name.into(), value.into());
        self
    }
}

setters! {
    Extensions {
        with_request(request: Option<RequestExtension>);
        with_agent(agent: Option<AgentExtension>);
        with_http(http: Option<HttpExtension>);
        with_security(security: Option<SecurityExtension>);
        with_delegation(delegation: Option<DelegationExtension>);
        with_mcp(mcp: Option<McpExtension>);
        with_completion(completion: Option<CompletionExtension>);
        with_provenance(provenance: Option<ProvenanceExtension>);
        with_llm(llm: Option<LlmExtension>);
        with_framework(framework: Option<FrameworkExtension>);
        with_meta(meta: Option<MetaExtension>);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn only_what_is_set_is_sent() {
        assert_eq!(to_value(Extensions::default()).unwrap(), json!({}));
    }

    #[test]
    fn unknown_slots_and_fields_go_back_as_they_came() {
        let document = json!({
            "security": {"labels": ["pii"], "clearance": "high"},
            "delegation": {
                "chain": [{"subject_id": "a", "subject_type": "user", "timestamp": "2025-01-01T00:00:00Z",
                           "from_cache": false, "seal": 1}],
                "depth": 1, "delegated": true, "age_seconds": 0.5,
            },
            "custom": {"a": [1, null]},
            "weather": {"sky": "blue"},
        });
        let extensions: Extensions = from_value(document.clone()).unwrap();
        assert_eq!(to_value(&extensions).unwrap(), document);
    }
}
