//! Documents in one form, so that what means the same to a host is equal: missing keys take the host's defaults, a whole
//! number is an integer, a set is sorted. Only keys of the host's models are filled in, never those of open maps.

use serde_json::{Map, Number, Value, json};

/// Numbers on the wire are doubles. What is written `3` in one document and `3.0` in another is the same.
pub(crate) fn numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let whole = number
                .as_f64()
                .filter(|double| double.fract() == 0.0 && double.abs() <= 1e15);
            if let Some(integer) = whole.and_then(|whole| format!("{whole:.0}").parse::<i64>().ok()) {
                *number = Number::from(integer);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(numbers),
        Value::Object(fields) => fields.values_mut().for_each(numbers),
        _ => {}
    }
}

/// A response of the type that a vector names; `hook` is the one that was called.
pub(super) fn response(value: &mut Value, response_type: &str, hook: &str) {
    numbers(value);
    match response_type {
        "GetPluginConfigResponse" => value.get_mut("config").into_iter().for_each(config),
        "GetPluginConfigsResponse" => each(&mut value["configs"], config),
        _ => value
            .get_mut("result")
            .into_iter()
            .for_each(|value| result(value, hook)),
    }
}

/// What a server reports about a plugin ([protocol, section
/// 9.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#91-plugin-entry)).
pub(super) fn config(value: &mut Value) {
    // `on_error` of the legacy mode holds as long as nothing else is said.
    let on_error = if value["mode"] == "enforce_ignore_error" {
        "ignore"
    } else {
        "fail"
    };
    fill(
        value,
        &json!({
            "description": null, "author": null, "namespace": null, "version": null, "hooks": [], "tags": [],
            "mode": "sequential", "on_error": on_error, "priority": 100, "max_content_size": 10_000_000,
            "conditions": [], "applied_to": null, "capabilities": [], "config": null, "mcp": null, "grpc": null,
            "unix_socket": null,
        }),
    );
    each(&mut value["conditions"], |condition| {
        fill(
            condition,
            &json!({
                "server_ids": null, "tenant_ids": null, "tools": null, "prompts": null, "resources": null,
                "agents": null, "user_patterns": null, "content_types": null,
            }),
        );
    });
    if let Value::Array(capabilities) = &mut value["capabilities"] {
        capabilities.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    }
}

/// A whole result ([protocol, section
/// 7.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#71-fields-of-a-result)). Null
/// metadata is no metadata.
pub(super) fn result(value: &mut Value, hook: &str) {
    fill(
        value,
        &json!({
            "continue_processing": true, "modified_payload": null, "modified_extensions": null, "violation": null,
            "metadata": {}, "http_headers": null, "retry_delay_ms": 0, "executions": [],
        }),
    );
    if value["metadata"].is_null() {
        value["metadata"] = json!({});
    }
    payload(&mut value["modified_payload"], hook);
    violation(&mut value["violation"]);
    extensions(&mut value["modified_extensions"]);
}

/// Why a call is denied ([protocol, section
/// 7.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#74-violations)).
pub(super) fn violation(value: &mut Value) {
    fill(
        value,
        &json!({"details": {}, "mcp_error_code": null, "http_status_code": null, "http_headers": null}),
    );
    if value.get("details").is_some_and(Value::is_null) {
        value["details"] = json!({});
    }
}

/// Extensions ([protocol, section
/// 5.9](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#59-extensions)), as far as
/// vectors have them.
pub(super) fn extensions(value: &mut Value) {
    let slots = [
        "request",
        "agent",
        "http",
        "security",
        "delegation",
        "mcp",
        "completion",
        "provenance",
        "llm",
        "framework",
        "meta",
    ];
    let mut defaults: Map<_, _> = slots
        .map(|slot| (slot.to_owned(), Value::Null))
        .into_iter()
        .collect();
    defaults.insert("custom".into(), json!({}));
    fill(value, &defaults.into());
    if value.get("custom").is_some_and(Value::is_null) {
        value["custom"] = json!({});
    }
    let Some(slots) = value.as_object_mut() else {
        return;
    };
    for (name, defaults) in [
        (
            "security",
            json!({"labels": [], "classification": null, "subject": null, "objects": {}, "data": {}}),
        ),
        ("meta", json!({"tags": [], "scope": null, "properties": {}})),
        ("agent", json!({"conversation": null})),
    ] {
        fill(&mut slots[name], &defaults);
    }
    if let Some(conversation) = slots["agent"].get_mut("conversation") {
        fill(
            conversation,
            &json!({"history": [], "summary": null, "topics": []}),
        );
    }
}

/// The result payload of a hook ([protocol, sections
/// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource) to
/// [5.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#54-identity-delegation)).
pub(super) fn payload(value: &mut Value, hook: &str) {
    let defaults = match hook {
        "tool_pre_invoke" => json!({"args": {}, "headers": null}),
        "prompt_pre_fetch" => json!({"args": {}}),
        "resource_pre_fetch" => json!({"metadata": {}}),
        "agent_pre_invoke" => {
            json!({"tools": null, "headers": null, "model": null, "system_prompt": null, "parameters": {}})
        }
        "agent_post_invoke" => json!({"tool_calls": null}),
        "http_auth_check_permission" => json!({"reason": null}),
        "identity_resolve" => json!({
            "subject": null, "delegation": null, "rejected": false, "reject_status": 401, "reject_reason": "",
            "raw_claims": {},
        }),
        "token_delegate" => json!({
            "delegated_token": null, "delegation_update": {}, "forwarded_headers": {}, "cache_key": null,
            "cache_ttl": null,
        }),
        "evaluate" => json!({"hook": "evaluate"}),
        _ => json!({}),
    };
    fill(value, &defaults);
    if let Some(subject) = value.get_mut("subject") {
        fill(
            subject,
            &json!({"roles": [], "permissions": [], "teams": [], "claims": {}}),
        );
    }
    if let Some(delegation) = value.get_mut("delegation_update") {
        fill_delegation(delegation);
    }
    if let Some(content) = value.get_mut("message") {
        message(content);
    }
}

fn fill_delegation(value: &mut Value) {
    fill(
        value,
        &json!({
            "chain": [], "depth": 0, "origin_subject_id": null, "actor_subject_id": null, "delegated": false,
            "age_seconds": 0,
        }),
    );
    each(&mut value["chain"], |hop| {
        let defaults = json!({
            "audience": null, "scopes_granted": [], "ttl_seconds": null, "strategy": null, "from_cache": false,
        });
        fill(hop, &defaults);
    });
}

/// A message and its parts ([protocol, sections
/// 5.7](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#57-message) and
/// [5.8](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#58-message-parts)).
fn message(value: &mut Value) {
    fill(
        value,
        &json!({"schema_version": "2.0", "content": [], "channel": null}),
    );
    each(&mut value["content"], |part| {
        let defaults = match part["content_type"].as_str() {
            Some("tool_call") => json!({"arguments": {}, "namespace": null}),
            Some("tool_result") => json!({"content": null, "is_error": false}),
            Some("resource") => json!({
                "name": null, "description": null, "content": null, "blob": null, "mime_type": null,
                "size_bytes": null, "annotations": {}, "version": null,
            }),
            Some("resource_ref") => {
                json!({"name": null, "range_start": null, "range_end": null, "selector": null})
            }
            Some("prompt_request") => json!({"arguments": {}, "server_id": null}),
            Some("prompt_result") => {
                json!({"messages": [], "content": null, "is_error": false, "error_message": null})
            }
            Some("video" | "audio") => json!({"media_type": null, "duration_ms": null}),
            Some("document") => json!({"media_type": null, "title": null}),
            Some("image") => json!({"media_type": null}),
            _ => return,
        };
        fill(&mut part["content"], &defaults);
        if let Some(messages) = part["content"].get_mut("messages") {
            each(messages, message);
        }
    });
}

/// Adds the keys that an object does not have.
fn fill(value: &mut Value, defaults: &Value) {
    if let (Some(fields), Some(defaults)) = (value.as_object_mut(), defaults.as_object()) {
        for (key, default) in defaults {
            fields.entry(key.clone()).or_insert_with(|| default.clone());
        }
    }
}

fn each(list: &mut Value, change: impl Fn(&mut Value)) {
    list.as_array_mut().into_iter().flatten().for_each(change);
}
