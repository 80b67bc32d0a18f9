//! The rules for an entry of `plugins`, wherever it comes from: the gateway's file, a server, or both merged
//! ([protocol, sections
//! 9.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#91-plugin-entry),
//! [9.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#92-reported-configuration) and
//! [9.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#95-entry-of-the-gateway)).

use super::EXTERNAL;
use crate::{
    manifest::{Mode, OnError},
    nearest::suggestion,
    value::{Map, Value},
    yaml::{
        fields::Fields,
        findings::Findings,
        node::{Node, to_map},
        vocabulary::{CONDITION_KEYS, ENFORCE_IGNORE_ERROR, ENTRY_KEYS, TRANSPORT_KEYS},
    },
};

/// Checks an entry that stands at `path`. Gives it as hosts keep it: legacy names of modes translated, numbers as numbers, and
/// without the keys that hosts ignore. `None` if it can't be used; then the findings say why.
pub(super) fn check(path: &str, node: &Node, findings: &mut Findings) -> Option<Map> {
    let Some(entries) = node.as_mapping() else {
        let message = format!("must be a mapping with name and kind, not {}", node.kind_name());
        findings.problem(node.line, path, message);
        return None;
    };
    let before = findings.problems.len();
    let mut fields = Fields { path, node, findings };
    for (key, _) in entries {
        if !is_known(key) {
            let known = ENTRY_KEYS.into_iter().chain(TRANSPORT_KEYS);
            fields.warning(key, format!("unknown key, ignored{}", suggestion(key, known)));
        }
    }
    fields.required("name");
    let kind = fields.required("kind");
    fields.behaviour();
    fields.optional_mapping("config");
    for section in TRANSPORT_KEYS {
        fields.optional_mapping(section);
    }
    if kind.as_deref() == Some(EXTERNAL) {
        exactly_one_section(&mut fields, entries);
    }
    (findings.problems.len() == before).then(|| as_hosts_keep_it(entries))
}

fn is_known(key: &str) -> bool {
    ENTRY_KEYS.contains(&key) || TRANSPORT_KEYS.contains(&key)
}

fn exactly_one_section(fields: &mut Fields<'_>, entries: &[(String, Node)]) {
    let sections: Vec<_> = entries
        .iter()
        .filter(|(key, value)| TRANSPORT_KEYS.contains(&key.as_str()) && !value.is_null())
        .map(|(key, _)| key.as_str())
        .collect();
    match sections.as_slice() {
        [_] => {}
        [] => fields.problem(
            "kind",
            "an external plugin needs one of the sections mcp, grpc and unix_socket, which says where its server is",
        ),
        [first, .., last] => fields.problem(
            last,
            format!("there is also the section {first}; an external plugin has only one of mcp, grpc and unix_socket"),
        ),
    }
}

fn as_hosts_keep_it(entries: &[(String, Node)]) -> Map {
    let known = entries.iter().filter(|(key, _)| is_known(key));
    let known: Vec<_> = known.cloned().collect();
    let mut document = to_map(&known);
    let legacy = document.get("mode").and_then(Value::as_str).map(str::to_owned);
    if let Some(mode) = legacy.as_deref().and_then(todays_mode) {
        document.insert("mode".into(), mode.as_str().into());
    }
    if legacy.as_deref() == Some(ENFORCE_IGNORE_ERROR) && !document.contains_key("on_error") {
        document.insert("on_error".into(), OnError::Ignore.as_str().into());
    }
    for key in ["priority", "max_content_size"] {
        if let Some(value) = document.get_mut(key)
            && let Some(number) = whole(value)
        {
            *value = number.into();
        }
    }
    if let Some(capabilities) = document.get_mut("capabilities") {
        let mut names: Vec<_> = capabilities.as_array().into_iter().flatten().cloned().collect();
        names.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
        names.dedup();
        *capabilities = names.into();
    }
    if let Some(Value::Array(conditions)) = document.get_mut("conditions") {
        conditions
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .for_each(condition);
    }
    document
}

/// What the modes of older gateways are called today.
fn todays_mode(mode: &str) -> Option<Mode> {
    match mode {
        "enforce" | ENFORCE_IGNORE_ERROR => Some(Mode::Sequential),
        "permissive" => Some(Mode::Transform),
        _ => None,
    }
}

/// The number that hosts read: an integral double and digits in a string count.
fn whole(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "it was checked to be whole")]
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(digits) => digits.trim().parse().ok(),
        Value::Bool(value) => Some(i64::from(*value)),
        _ => None,
    }
}

/// Content types are compared without their parameters and in lower case.
fn condition(condition: &mut Map) {
    condition.retain(|key, _| CONDITION_KEYS.contains(&key));
    for content_type in condition
        .get_mut("content_types")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let base = content_type.as_str().and_then(|text| text.split(';').next());
        if let Some(base) = base {
            *content_type = base.trim().to_lowercase().into();
        }
    }
}
