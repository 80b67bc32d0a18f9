//! The user of a request in detail.

use serde::{Deserialize, Serialize};

use crate::value::{Map, Value};

/// Who makes the request ([protocol, section
/// 6.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#61-fields-of-a-context)). Only
/// MCP carries it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserContext {
    /// The identifier of the user.
    pub user_id: String,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Whether the user administers the gateway.
    #[serde(default)]
    pub is_admin: bool,
    /// Groups of the user.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Roles of the user.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The team that the request is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// All teams of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<String>>,
    /// The department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Whatever else the identity provider says.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub attributes: Map,
    /// How the user was authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_method: Option<String>,
    /// When the user was authenticated, as ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated_at: Option<String>,
    /// The service account that acts for the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// Who acts for whom, from the origin on.
    #[serde(default)]
    pub delegation_chain: Vec<Value>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl UserContext {
    /// A user of whom nothing but the identifier is known.
    pub fn new(user_id: impl Into<String>) -> Self {
        Self {
            user_id: user_id.into(),
            ..Self::default()
        }
    }
}
