//! Payload and result of `identity_resolve` ([protocol, section
//! 5.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#54-identity-delegation)).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use crate::extensions::{DelegationExtension, SubjectExtension};
use crate::setters::setters;
use crate::value::{Map, Value};

/// The credentials of a request, as they came in; payload of [`IdentityResolve`](super::IdentityResolve).
///
/// Python hosts do not let secrets out: over MCP the token arrives as `**********`, over gRPC and Unix sockets the call
/// fails in the host. There a plugin finds the credentials in `headers`, if the host puts them there
/// ([protocol, section
/// 5.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#54-identity-delegation)).
/// `Debug` never shows the token.
#[doc(alias = "IdentityPayload")]
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IdentityResolvePayload {
    /// The token: a JWT, an opaque token, an API key. A secret.
    pub raw_token: String,
    /// Where the token was found: `bearer` (the default), `mtls`, `api_key` or `custom`.
    #[serde(default = "bearer")]
    pub source: String,
    /// The request's headers. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub headers: Map<String>,
    /// The client's address, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_host: Option<String>,
    /// The client's port, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_port: Option<u16>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl IdentityResolvePayload {
    /// A bearer token and nothing else.
    pub fn new(raw_token: impl Into<String>) -> Self {
        Self {
            raw_token: raw_token.into(),
            source: bearer(),
            headers: Map::new(),
            client_host: None,
            client_port: None,
            extra: Map::new(),
        }
    }

    /// Adds a request header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

setters! {
    IdentityResolvePayload {
        with_source(source: String);
        with_client_host(client_host: Option<String>);
        with_client_port(client_port: Option<u16>);
    }
}

impl fmt::Debug for IdentityResolvePayload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            raw_token: _,
            source,
            headers,
            client_host,
            client_port,
            extra,
        } = self;
        formatter
            .debug_struct("IdentityResolvePayload")
            .field("raw_token", &Secret)
            .field("source", source)
            .field("headers", headers)
            .field("client_host", client_host)
            .field("client_port", client_port)
            .field("extra", extra)
            .finish()
    }
}

/// Who makes the request, or a rejection: the result of [`IdentityResolve`](super::IdentityResolve).
///
/// ```
/// use plugin_sdk::extensions::{SubjectExtension, SubjectType};
/// use plugin_sdk::hooks::IdentityResolveResultPayload;
///
/// let alice = SubjectExtension::new("alice", SubjectType::User).with_roles(["developer"]);
/// let found = IdentityResolveResultPayload::new().with_subject(alice);
/// let refused = IdentityResolveResultPayload::new().with_rejection(403, "this token may not be used here");
///
/// assert!(found.subject.is_some() && !found.rejected);
/// assert!(refused.rejected);
/// ```
#[doc(alias = "IdentityResult")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IdentityResolveResultPayload {
    /// Who makes the request; `None` if it is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectExtension>,
    /// The delegation that the token carries, for example in the `act` claims of a JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<DelegationExtension>,
    /// Whether the request is rejected. `false` by default.
    #[serde(default)]
    pub rejected: bool,
    /// The HTTP status code of a rejection. 401 by default.
    #[serde(default = "unauthorized")]
    pub reject_status: u16,
    /// Why the request is rejected. Empty by default.
    #[serde(default)]
    pub reject_reason: String,
    /// All claims of the token, for audit and policies. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub raw_claims: Map,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl IdentityResolveResultPayload {
    /// A result that neither names a subject nor rejects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rejects the request with an HTTP status code and a reason.
    #[must_use]
    pub fn with_rejection(mut self, status: u16, reason: impl Into<String>) -> Self {
        self.rejected = true;
        self.reject_status = status;
        self.reject_reason = reason.into();
        self
    }

    /// Adds a claim.
    #[must_use]
    pub fn with_raw_claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.raw_claims.insert(name.into(), value.into());
        self
    }
}

setters! {
    IdentityResolveResultPayload {
        with_subject(subject: Option<SubjectExtension>);
        with_delegation(delegation: Option<DelegationExtension>);
    }
}

impl Default for IdentityResolveResultPayload {
    fn default() -> Self {
        Self {
            subject: None,
            delegation: None,
            rejected: false,
            reject_status: unauthorized(),
            reject_reason: String::new(),
            raw_claims: Map::new(),
            extra: Map::new(),
        }
    }
}

fn bearer() -> String {
    "bearer".to_owned()
}

fn unauthorized() -> u16 {
    401
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn missing_fields_take_the_defaults_of_the_host() {
        let payload: IdentityResolvePayload = from_value(json!({"raw_token": "t"})).unwrap();
        assert_eq!(payload, IdentityResolvePayload::new("t"));
        let result: IdentityResolveResultPayload = from_value(json!({})).unwrap();
        assert_eq!(result, IdentityResolveResultPayload::new());
        assert_eq!(result.reject_status, 401);
    }

    #[test]
    fn debug_output_does_not_contain_the_token() {
        let text = format!("{:?}", IdentityResolvePayload::new("hush"));
        assert!(text.contains("**********") && !text.contains("hush"), "{text}");
    }
}
