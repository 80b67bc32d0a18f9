//! Payload and result of `token_delegate` ([protocol, section
//! 5.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#54-identity-delegation)).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::extensions::DelegationExtension;
use crate::setters::setters;
use crate::value::Map;

/// A call that needs a token of its own; payload of [`TokenDelegate`](super::TokenDelegate).
///
/// Python hosts do not let the caller's token out: over MCP it arrives as `**********`, over gRPC and Unix sockets only
/// a call without a token gets through ([protocol, section
/// 5.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#54-identity-delegation)).
/// `Debug` never shows the token.
#[doc(alias = "DelegationPayload")]
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenDelegatePayload {
    /// The tool, agent or resource that is called.
    pub target_name: String,
    /// The kind of the target: `tool` (the default), `agent`, `resource` or `service`.
    #[serde(default = "tool")]
    pub target_type: String,
    /// The audience that the target's token must name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_audience: Option<String>,
    /// The permissions that the target asks for. Empty by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_permissions: Vec<String>,
    /// The trust domain of the target, such as `internal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
    /// Who checks the authorisation: `caller` (the default), `target` or `both`.
    #[serde(default = "caller")]
    pub auth_enforced_by: String,
    /// How the route narrows the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_attenuation: Option<AttenuationConfig>,
    /// The caller's own token, to be exchanged. A secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl TokenDelegatePayload {
    /// A call of the tool `target_name`.
    pub fn new(target_name: impl Into<String>) -> Self {
        Self {
            target_name: target_name.into(),
            target_type: tool(),
            target_audience: None,
            required_permissions: Vec::new(),
            trust_domain: None,
            auth_enforced_by: caller(),
            route_attenuation: None,
            bearer_token: None,
            extra: Map::new(),
        }
    }
}

setters! {
    TokenDelegatePayload {
        with_target_type(target_type: String);
        with_target_audience(target_audience: Option<String>);
        with_required_permissions(required_permissions: Vec<String>);
        with_trust_domain(trust_domain: Option<String>);
        with_auth_enforced_by(auth_enforced_by: String);
        with_route_attenuation(route_attenuation: Option<AttenuationConfig>);
        with_bearer_token(bearer_token: Option<String>);
    }
}

impl fmt::Debug for TokenDelegatePayload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenDelegatePayload")
            .field("target_name", &self.target_name)
            .field("target_type", &self.target_type)
            .field("target_audience", &self.target_audience)
            .field("required_permissions", &self.required_permissions)
            .field("trust_domain", &self.trust_domain)
            .field("auth_enforced_by", &self.auth_enforced_by)
            .field("route_attenuation", &self.route_attenuation)
            .field("bearer_token", &self.bearer_token.as_ref().map(|_| Secret))
            .field("extra", &self.extra)
            .finish()
    }
}

/// How a route narrows the token of a call, in [`TokenDelegatePayload::route_attenuation`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttenuationConfig {
    /// The capabilities to grant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// The URI of the resource, as a template that the arguments of the call fill in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_template: Option<String>,
    /// The actions to allow on the resource.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// How long the token is to live, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    AttenuationConfig {
        with_capabilities(capabilities: Vec<String>);
        with_resource_template(resource_template: Option<String>);
        with_actions(actions: Vec<String>);
        with_ttl_seconds(ttl_seconds: Option<u64>);
    }
}

/// The token for a call: the result of [`TokenDelegate`](super::TokenDelegate).
///
/// ```
/// use plugin_sdk::hooks::TokenDelegateResultPayload;
///
/// let result = TokenDelegateResultPayload::new().with_delegated_token("t0ken").with_cache_ttl(60_u64);
/// assert!(!format!("{result:?}").contains("t0ken"));
/// ```
#[doc(alias = "DelegationResult")]
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenDelegateResultPayload {
    /// The token for the target. A secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegated_token: Option<String>,
    /// The chain of delegations with the new hop.
    #[serde(default)]
    pub delegation_update: DelegationExtension,
    /// Headers to add to the call. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub forwarded_headers: Map<String>,
    /// Under which key the token may be cached; `None` if it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_key: Option<String>,
    /// For how long the token may be cached, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_ttl: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl TokenDelegateResultPayload {
    /// A result without a token.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header to the call.
    #[must_use]
    pub fn with_forwarded_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.forwarded_headers.insert(name.into(), value.into());
        self
    }
}

setters! {
    TokenDelegateResultPayload {
        with_delegated_token(delegated_token: Option<String>);
        with_delegation_update(delegation_update: DelegationExtension);
        with_cache_key(cache_key: Option<String>);
        with_cache_ttl(cache_ttl: Option<u64>);
    }
}

impl fmt::Debug for TokenDelegateResultPayload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenDelegateResultPayload")
            .field("delegated_token", &self.delegated_token.as_ref().map(|_| Secret))
            .field("delegation_update", &self.delegation_update)
            .field("forwarded_headers", &self.forwarded_headers)
            .field("cache_key", &self.cache_key)
            .field("cache_ttl", &self.cache_ttl)
            .field("extra", &self.extra)
            .finish()
    }
}

fn tool() -> String {
    "tool".to_owned()
}

fn caller() -> String {
    "caller".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn missing_fields_take_the_defaults_of_the_host() {
        let payload: TokenDelegatePayload = from_value(json!({"target_name": "t"})).unwrap();
        assert_eq!(payload, TokenDelegatePayload::new("t"));
    }

    #[test]
    fn debug_output_does_not_contain_tokens() {
        let printed = [
            format!("{:?}", TokenDelegatePayload::new("t").with_bearer_token("hush")),
            format!(
                "{:#?}",
                TokenDelegateResultPayload::new().with_delegated_token("hush")
            ),
        ];
        for text in printed {
            assert!(text.contains("**********") && !text.contains("hush"), "{text}");
        }
    }
}
