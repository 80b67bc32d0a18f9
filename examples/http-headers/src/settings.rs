//! The settings, from `config` in the YAML.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use plugin_sdk::PluginError;
use serde::Deserialize;

/// The headers of requests and responses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The header that carries the id.
    pub(crate) request_id_header: String,
    /// Whether the id of a client is kept if it looks like one.
    pub(crate) keep_client_ids: bool,
    /// What responses get that do not have it.
    pub(crate) response_headers: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        let headers = [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ];
        Self {
            request_id_header: "x-request-id".to_owned(),
            keep_client_ids: true,
            response_headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }
    }
}

/// A header as it can be sent, its name in lower case as the gateway has them; a mistake is told once, at the start.
pub(crate) fn header(setting: &str, name: &str, value: &str) -> Result<(String, String), PluginError> {
    let wrong = |what: &str| PluginError::new(format!("config.{setting}: {what}"));
    let checked = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| wrong(&format!("\"{name}\" is not the name of a header")))?;
    HeaderValue::from_str(value).map_err(|_| {
        wrong(&format!(
            "what {name} shall be cannot be sent in a header: {value:?}"
        ))
    })?;
    Ok((checked.as_str().to_owned(), value.to_owned()))
}
