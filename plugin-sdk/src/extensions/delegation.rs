//! The slot `delegation`; also part of the results of the identity hooks.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// The chain of delegations that led to a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DelegationExtension {
    /// The hops, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<DelegationHop>,
    /// The number of hops.
    #[serde(default)]
    pub depth: u64,
    /// The id of the first subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_subject_id: Option<String>,
    /// The id of the last subject, who acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_subject_id: Option<String>,
    /// Whether the request is delegated at all. `false` by default.
    #[serde(default)]
    pub delegated: bool,
    /// The time since the first delegation, in seconds.
    #[serde(default)]
    pub age_seconds: f64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    DelegationExtension {
        with_age_seconds(age_seconds: f64);
    }
}

impl DelegationExtension {
    /// Adds a hop to the end of the chain, whose subject then acts. Updates all fields but `age_seconds`.
    #[must_use]
    pub fn with_hop(mut self, hop: DelegationHop) -> Self {
        self.origin_subject_id
            .get_or_insert_with(|| hop.subject_id.clone());
        self.actor_subject_id = Some(hop.subject_id.clone());
        self.delegated = true;
        self.chain.push(hop);
        self.depth = self.chain.len() as u64;
        self
    }
}

/// One delegation: who acts for the subject before, for whom, and with which rights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DelegationHop {
    /// The id of the subject that acts.
    pub subject_id: String,
    /// The kind of the subject: `user`, `agent`, `service` or `system`.
    pub subject_type: String,
    /// For whom the token is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The scopes of the token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_granted: Vec<String>,
    /// When the delegation was made (ISO 8601). The host fills in the current time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// How long the token lives, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
    /// How the token was obtained, such as `token_exchange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Whether the token came from a cache. `false` by default.
    #[serde(default)]
    pub from_cache: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl DelegationHop {
    /// A delegation to a subject, without scopes.
    pub fn new(subject_id: impl Into<String>, subject_type: impl Into<String>) -> Self {
        Self {
            subject_id: subject_id.into(),
            subject_type: subject_type.into(),
            audience: None,
            scopes_granted: Vec::new(),
            timestamp: None,
            ttl_seconds: None,
            strategy: None,
            from_cache: false,
            extra: Map::new(),
        }
    }
}

setters! {
    DelegationHop {
        with_audience(audience: Option<String>);
        with_scopes_granted(scopes_granted: Vec<String>);
        with_timestamp(timestamp: Option<String>);
        with_ttl_seconds(ttl_seconds: Option<u64>);
        with_strategy(strategy: Option<String>);
        with_from_cache(from_cache: bool);
    }
}
