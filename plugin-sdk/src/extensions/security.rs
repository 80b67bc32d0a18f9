//! The slot `security`; the subject is also part of the results of the identity hooks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::Map;
use crate::{open_enum::open_enum, setters::setters};

/// Labels, identity, access control and data policies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SecurityExtension {
    /// The labels of the data, a set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// How confidential the data is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// Who makes the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectExtension>,
    /// Who may use an entity, by the entity's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<String, ObjectSecurityProfile>,
    /// What may be done with the data of an entity, by the entity's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, DataPolicy>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl SecurityExtension {
    /// Says who may use an entity.
    #[must_use]
    pub fn with_object(mut self, entity: impl Into<String>, profile: ObjectSecurityProfile) -> Self {
        self.objects.insert(entity.into(), profile);
        self
    }

    /// Says what may be done with the data of an entity.
    #[must_use]
    pub fn with_data_policy(mut self, entity: impl Into<String>, policy: DataPolicy) -> Self {
        self.data.insert(entity.into(), policy);
        self
    }
}

setters! {
    SecurityExtension {
        with_labels(labels: Vec<String>);
        with_classification(classification: Option<String>);
        with_subject(subject: Option<SubjectExtension>);
    }
}

/// Who makes a request; also part of the result of `identity_resolve`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubjectExtension {
    /// The subject's id.
    pub id: String,
    /// What kind of subject it is.
    #[serde(rename = "type")]
    pub subject_type: SubjectType,
    /// The subject's roles, a set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The subject's permissions, a set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// The teams that the subject belongs to, a set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
    /// What the subject's token claims. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub claims: Map<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl SubjectExtension {
    /// A subject without roles, permissions and teams.
    pub fn new(id: impl Into<String>, subject_type: impl Into<SubjectType>) -> Self {
        Self {
            id: id.into(),
            subject_type: subject_type.into(),
            roles: Vec::new(),
            permissions: Vec::new(),
            teams: Vec::new(),
            claims: Map::new(),
            extra: Map::new(),
        }
    }
}

setters! {
    SubjectExtension {
        with_roles(roles: Vec<String>);
        with_permissions(permissions: Vec<String>);
        with_teams(teams: Vec<String>);
        with_claims(claims: Map<String>);
    }
}

/// Who may use an entity, in [`SecurityExtension::objects`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObjectSecurityProfile {
    /// Who checks the access: `host` (the default), `tool` or `both`.
    #[serde(default = "host")]
    pub managed_by: String,
    /// The permissions that the entity asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
    /// The trust domain: `internal`, `external` or `privileged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_domain: Option<String>,
    /// The fields that the entity reads or returns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_scope: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl Default for ObjectSecurityProfile {
    fn default() -> Self {
        Self {
            managed_by: host(),
            permissions: Vec::new(),
            trust_domain: None,
            data_scope: Vec::new(),
            extra: Map::new(),
        }
    }
}

fn host() -> String {
    "host".to_owned()
}

setters! {
    ObjectSecurityProfile {
        with_managed_by(managed_by: String);
        with_permissions(permissions: Vec<String>);
        with_trust_domain(trust_domain: Option<String>);
        with_data_scope(data_scope: Vec<String>);
    }
}

/// What may be done with the data of an entity, in [`SecurityExtension::data`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DataPolicy {
    /// The labels to put on the entity's output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apply_labels: Vec<String>,
    /// The actions that are allowed; `None` allows every action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_actions: Option<Vec<String>>,
    /// The actions that are denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied_actions: Vec<String>,
    /// How long the data may be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionPolicy>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    DataPolicy {
        with_apply_labels(apply_labels: Vec<String>);
        with_allowed_actions(allowed_actions: Option<Vec<String>>);
        with_denied_actions(denied_actions: Vec<String>);
        with_retention(retention: Option<RetentionPolicy>);
    }
}

/// How long data may be kept, in [`DataPolicy::retention`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RetentionPolicy {
    /// For how long at most, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u64>,
    /// The kind of storage: `session`, `transient`, `persistent` (the default) or `none`.
    #[serde(default = "persistent")]
    pub policy: String,
    /// When the data must be deleted (ISO 8601).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_after: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self {
            max_age_seconds: None,
            policy: persistent(),
            delete_after: None,
            extra: Map::new(),
        }
    }
}

fn persistent() -> String {
    "persistent".to_owned()
}

setters! {
    RetentionPolicy {
        with_max_age_seconds(max_age_seconds: Option<u64>);
        with_policy(policy: String);
        with_delete_after(delete_after: Option<String>);
    }
}

open_enum! {
    /// What kind of subject makes a request.
    SubjectType {
        /// A human.
        User = "user",
        /// An agent.
        Agent = "agent",
        /// A service.
        Service = "service",
        /// The system itself.
        System = "system",
    }
}
