//! Payloads and results of the HTTP hooks ([protocol, section
//! 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
//!
//! Their results are of another type than their payloads: a hook returns headers, a user or a decision, never the
//! request. The gateway reads the whole result; there is no list of writable fields.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::Map;

/// An HTTP request as it reached the gateway; payload of [`HttpPreRequest`](super::HttpPreRequest).
///
/// ```
/// use plugin_sdk::hooks::{HttpPreRequestPayload, HttpPreRequestResultPayload};
///
/// let payload = HttpPreRequestPayload::new("/tools", "GET").with_header("x-api-key", "k1");
///
/// // The result holds the headers to set, not the whole request.
/// let mut result = HttpPreRequestResultPayload::new();
/// if let Some(key) = payload.headers.get("x-api-key") {
///     result.insert("authorization".into(), format!("Bearer {key}"));
/// }
/// assert_eq!(result["authorization"], "Bearer k1");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpPreRequestPayload {
    /// The path of the URL.
    pub path: String,
    /// The HTTP method, such as `GET`.
    pub method: String,
    /// The client's address, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_host: Option<String>,
    /// The client's port, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_port: Option<u16>,
    /// The request's headers.
    pub headers: Map<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl HttpPreRequestPayload {
    /// A request without headers.
    pub fn new(path: impl Into<String>, method: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            method: method.into(),
            client_host: None,
            client_port: None,
            headers: Map::new(),
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
    HttpPreRequestPayload {
        with_client_host(client_host: Option<String>);
        with_client_port(client_port: Option<u16>);
    }
}

/// The headers to set on the request: the result of [`HttpPreRequest`](super::HttpPreRequest).
///
/// The gateway merges them over the request's headers, in lower case. They replace an existing authentication header
/// only if the gateway runs with `PLUGINS_CAN_OVERRIDE_AUTH_HEADERS` ([protocol, section
/// 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
#[doc(alias = "HttpHeaderPayload")]
pub type HttpPreRequestResultPayload = Map<String>;

/// An HTTP request and how the gateway answers it; payload of [`HttpPostRequest`](super::HttpPostRequest).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpPostRequestPayload {
    /// The path of the URL.
    pub path: String,
    /// The HTTP method, such as `GET`.
    pub method: String,
    /// The client's address, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_host: Option<String>,
    /// The client's port, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_port: Option<u16>,
    /// The request's headers.
    pub headers: Map<String>,
    /// The answer's headers, if there is an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_headers: Option<Map<String>>,
    /// The answer's HTTP status code, if there is an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl HttpPostRequestPayload {
    /// A request without headers, and nothing known about its answer.
    pub fn new(path: impl Into<String>, method: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            method: method.into(),
            client_host: None,
            client_port: None,
            headers: Map::new(),
            response_headers: None,
            status_code: None,
            extra: Map::new(),
        }
    }

    /// Adds a request header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Adds a header of the answer.
    #[must_use]
    pub fn with_response_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.response_headers
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }
}

setters! {
    HttpPostRequestPayload {
        with_client_host(client_host: Option<String>);
        with_client_port(client_port: Option<u16>);
        with_status_code(status_code: Option<u16>);
    }
}

/// The headers to set on the answer: the result of [`HttpPostRequest`](super::HttpPostRequest).
#[doc(alias = "HttpHeaderPayload")]
pub type HttpPostRequestResultPayload = Map<String>;

/// The credentials of a request whose user is to be found; payload of
/// [`HttpAuthResolveUser`](super::HttpAuthResolveUser).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpAuthResolveUserPayload {
    /// The credentials that the gateway recognised: `scheme` (such as `Bearer`) and `credentials` (the token).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Map>,
    /// The request's headers.
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

impl HttpAuthResolveUserPayload {
    /// A request with these headers and no recognised credentials.
    pub fn new(headers: impl Into<Map<String>>) -> Self {
        Self {
            credentials: None,
            headers: headers.into(),
            client_host: None,
            client_port: None,
            extra: Map::new(),
        }
    }
}

setters! {
    HttpAuthResolveUserPayload {
        with_credentials(credentials: Option<Map>);
        with_client_host(client_host: Option<String>);
        with_client_port(client_port: Option<u16>);
    }
}

/// The user who makes the request, as a JSON object: the result of
/// [`HttpAuthResolveUser`](super::HttpAuthResolveUser).
///
/// The gateway checks the user (`email`, `is_admin`, …) against its database. `auth_method` in the result's metadata
/// is what [`HttpAuthCheckPermissionPayload::auth_method`] says later. Without a payload the gateway authenticates as
/// usual; a denial is answered with 401 and the violation's text ([protocol, section
/// 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// let user: HttpAuthResolveUserResultPayload = Map::from([("email", "jane@example.com")]);
/// let result = PluginResult::modify_payload(user).with_metadata("auth_method", "jwt");
/// assert!(result.continue_processing);
/// ```
pub type HttpAuthResolveUserResultPayload = Map;

/// A user and the permission that a request needs; payload of
/// [`HttpAuthCheckPermission`](super::HttpAuthCheckPermission).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpAuthCheckPermissionPayload {
    /// The user's email address.
    pub user_email: String,
    /// The permission, such as `tools.read`.
    pub permission: String,
    /// The kind of resource that is accessed, such as `tool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The team for which the permission is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// Whether the user is an administrator. `false` by default.
    #[serde(default)]
    pub is_admin: bool,
    /// How the user was authenticated, such as `jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_method: Option<String>,
    /// The client's address, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_host: Option<String>,
    /// The client's `User-Agent` header, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl HttpAuthCheckPermissionPayload {
    /// The question whether the user, no administrator, has the permission.
    pub fn new(user_email: impl Into<String>, permission: impl Into<String>) -> Self {
        Self {
            user_email: user_email.into(),
            permission: permission.into(),
            resource_type: None,
            team_id: None,
            is_admin: false,
            auth_method: None,
            client_host: None,
            user_agent: None,
            extra: Map::new(),
        }
    }
}

setters! {
    HttpAuthCheckPermissionPayload {
        with_resource_type(resource_type: Option<String>);
        with_team_id(team_id: Option<String>);
        with_is_admin(is_admin: bool);
        with_auth_method(auth_method: Option<String>);
        with_client_host(client_host: Option<String>);
        with_user_agent(user_agent: Option<String>);
    }
}

/// Whether the user has the permission: the result of
/// [`HttpAuthCheckPermission`](super::HttpAuthCheckPermission).
///
/// `granted: false` denies the request. `granted: true` counts only if the gateway lets plugins override its own role
/// check ([protocol, section
/// 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
///
/// ```
/// use plugin_sdk::hooks::HttpAuthCheckPermissionResultPayload;
///
/// let decision = HttpAuthCheckPermissionResultPayload::new(false).with_reason("outside office hours");
/// assert!(!decision.granted);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpAuthCheckPermissionResultPayload {
    /// Whether the permission is granted.
    pub granted: bool,
    /// Why, for the gateway's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

impl HttpAuthCheckPermissionResultPayload {
    /// A decision without a reason.
    pub fn new(granted: bool) -> Self {
        Self {
            granted,
            reason: None,
            extra: Map::new(),
        }
    }
}

setters! { HttpAuthCheckPermissionResultPayload { with_reason(reason: Option<String>); } }
