//! What a payload can ask the probe for.

use plugin_sdk::prelude::*;
use plugin_sdk::{DenialMetadata, DenialMetric, Map, Value};

/// The directive object of a payload, or none.
#[derive(Clone, Copy)]
pub(super) struct Directives<'a>(pub(super) Option<&'a Map>);

impl<'a> Directives<'a> {
    /// The error that the invocation fails with.
    pub(super) fn error(self) -> Option<PluginError> {
        let error = self.object("error")?;
        let mut plugin_error = PluginError::new(string(error, "message")).with_code(string(error, "code"));
        if let Some(details) = object(error, "details") {
            plugin_error = plugin_error.with_details(details.clone());
        }
        if let Some(code) = number(error, "mcp_error_code") {
            plugin_error = plugin_error.with_mcp_error_code(code);
        }
        Some(plugin_error)
    }

    /// Writes state and metadata into the context. What no directive names is not even read.
    pub(super) fn change(self, context: &mut PluginContext) {
        if let Some(entries) = self.entries("state") {
            merge(context.state_mut(), entries);
        }
        if let Some(entries) = self.entries("context_metadata") {
            merge(context.metadata_mut(), entries);
        }
        if let Some(entries) = self.entries("global_state") {
            merge(context.global_context_mut().state_mut(), entries);
        }
        if let Some(entries) = self.entries("global_metadata") {
            merge(context.global_context_mut().metadata_mut(), entries);
        }
        for key in self.strings("unset_state") {
            if context.state().contains_key(key) {
                context.state_mut().remove(key);
            }
        }
        for key in self.strings("unset_global_state") {
            if context.global_context().state().contains_key(key) {
                context.global_context_mut().state_mut().remove(key);
            }
        }
    }

    /// The result's metadata before anything is echoed into it.
    pub(super) fn result_metadata(self) -> Map {
        self.object("result_metadata").cloned().unwrap_or_default()
    }

    /// Whether the switch is on.
    pub(super) fn wants(self, switch: &str) -> bool {
        self.value(switch).and_then(Value::as_bool) == Some(true)
    }

    /// How many letters the metadata grows by.
    pub(super) fn grow(self) -> Option<usize> {
        number(self.0?, "grow")
    }

    /// HTTP headers for the result.
    pub(super) fn http_headers(self) -> Option<Map<String>> {
        self.object("http_headers").map(headers)
    }

    /// The retry delay for the result.
    pub(super) fn retry_delay_ms(self) -> Option<u64> {
        number(self.0?, "retry_delay_ms")
    }

    /// The denial metadata for the result.
    pub(super) fn denial_metadata(self) -> Option<DenialMetadata> {
        let entries = self.object("denial_metadata")?.iter();
        Some(
            entries
                .filter_map(|(key, value)| Some((key, metric(value)?)))
                .collect(),
        )
    }

    /// The violation to deny with.
    pub(super) fn violation(self) -> Option<PluginViolation> {
        let deny = self.object("deny")?;
        let mut violation = PluginViolation::new(string(deny, "reason"), string(deny, "code"))
            .with_description(string(deny, "description"));
        if let Some(details) = object(deny, "details") {
            violation = violation.with_details(details.clone());
        }
        violation.mcp_error_code = number(deny, "mcp_error_code");
        violation.http_status_code = number(deny, "http_status_code");
        violation.http_headers = object(deny, "http_headers").map(headers);
        Some(violation)
    }

    fn value(self, key: &str) -> Option<&'a Value> {
        self.0?.get(key)
    }

    fn object(self, key: &str) -> Option<&'a Map> {
        object(self.0?, key)
    }

    /// An object that has entries.
    fn entries(self, key: &str) -> Option<&'a Map> {
        self.object(key).filter(|map| !map.is_empty())
    }

    fn strings(self, key: &str) -> impl Iterator<Item = &'a str> {
        let items = self.value(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str)
    }
}

fn object<'a>(map: &'a Map, key: &str) -> Option<&'a Map> {
    map.get(key)?.as_object()
}

fn string<'a>(map: &'a Map, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number, if it is in the range of its type.
fn number<N: TryFrom<i64>>(map: &Map, key: &str) -> Option<N> {
    N::try_from(map.get(key)?.as_i64()?).ok()
}

fn headers(map: &Map) -> Map<String> {
    map.iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .collect()
}

fn merge(target: &mut Map, entries: &Map) {
    for (key, value) in entries {
        target.insert(key.to_owned(), value.clone());
    }
}

/// A number for the denial metadata. Protobuf transports make every number a float, hence the strings that say which
/// kind is meant.
fn metric(value: &Value) -> Option<DenialMetric> {
    match value {
        Value::Bool(boolean) => Some(DenialMetric::Boolean(*boolean)),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Some(DenialMetric::Integer(integer)),
            None => number.as_f64().map(DenialMetric::Floating),
        },
        Value::String(text) => match text.split_once(':')? {
            ("int", digits) => digits.parse().ok().map(DenialMetric::Integer),
            ("float", digits) => digits.parse().ok().map(DenialMetric::Floating),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
