//! The result types of the hooks against what hosts accept as a result of each.

use plugin_sdk::hooks::{self, Hook};
use plugin_sdk::{Extensions, PluginViolation, codec};
use prost::Message;
use prost_types::Struct;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{cases, decode, hosts, normal, text};

/// Hosts refuse these results, but our types read them. They read more than hosts do, so that a plugin of today can handle
/// what hosts of tomorrow send.
const LENIENT: &[(&str, &str)] = &[
    (
        "tool_post_invoke/no-result",
        "read as null, and written as null, which hosts accept",
    ),
    (
        "prompt_post_fetch/no-result",
        "read as null, and written as null, which hosts accept",
    ),
    ("identity_resolve/subject-type", "the types of subjects are open"),
    (
        "evaluate/message-unknown-key",
        "unknown keys go back as they came",
    ),
    ("evaluate/message-bad-content-type", "the kinds of parts are open"),
    ("evaluate/message-bad-role", "the roles are open"),
    (
        "evaluate/message-resource-both",
        "what a part means is not checked",
    ),
    (
        "evaluate/message-range-reversed",
        "what a part means is not checked",
    ),
];

/// Hosts accept this one, but no server of ours writes it.
const STRICT: &[(&str, &str)] = &[(
    "tool_pre_invoke/continue-string",
    "a decision is true or false, not a text",
)];

/// Reads an object into a type of ours, writes it again, and decodes that without our codec.
fn round_trip<T: DeserializeOwned + Serialize>(document: &Value) -> Result<Value, String> {
    let bytes = decode::to_struct(document).encode_to_vec();
    let value: T = codec::from_struct(&bytes).map_err(|error| error.to_string())?;
    let written = codec::to_struct(&value).map_err(|error| error.to_string())?;
    Ok(decode::struct_value(
        Struct::decode(&*written).map_err(|error| error.to_string())?,
    ))
}

fn payload_of<H: Hook>(payload: &Value) -> Result<Value, String>
where
    H::Result: DeserializeOwned,
{
    round_trip::<H::Result>(payload)
}

fn payload(hook: &str, payload: &Value) -> Result<Value, String> {
    match hook {
        "tool_pre_invoke" => payload_of::<hooks::ToolPreInvoke>(payload),
        "tool_post_invoke" => payload_of::<hooks::ToolPostInvoke>(payload),
        "prompt_pre_fetch" => payload_of::<hooks::PromptPreFetch>(payload),
        "prompt_post_fetch" => payload_of::<hooks::PromptPostFetch>(payload),
        "resource_pre_fetch" => payload_of::<hooks::ResourcePreFetch>(payload),
        "resource_post_fetch" => payload_of::<hooks::ResourcePostFetch>(payload),
        "agent_pre_invoke" => payload_of::<hooks::AgentPreInvoke>(payload),
        "agent_post_invoke" => payload_of::<hooks::AgentPostInvoke>(payload),
        "http_pre_request" => payload_of::<hooks::HttpPreRequest>(payload),
        "http_post_request" => payload_of::<hooks::HttpPostRequest>(payload),
        "http_auth_resolve_user" => payload_of::<hooks::HttpAuthResolveUser>(payload),
        "http_auth_check_permission" => payload_of::<hooks::HttpAuthCheckPermission>(payload),
        "identity_resolve" => payload_of::<hooks::IdentityResolve>(payload),
        "token_delegate" => payload_of::<hooks::TokenDelegate>(payload),
        _ => payload_of::<hooks::Evaluate>(payload),
    }
}

/// A result whose parts went through our types. Hosts ignore keys that they don't know.
pub(super) fn read_back(hook: &str, result: &Value) -> Result<Value, String> {
    let mut back = Map::new();
    for (key, value) in result.as_object().into_iter().flatten() {
        let value = match key.as_str() {
            _ if value.is_null() => Value::Null,
            "modified_payload" => payload(hook, value)?,
            "violation" => round_trip::<PluginViolation>(value)?,
            "modified_extensions" => round_trip::<Extensions>(value)?,
            "zzz" => continue,
            _ => value.clone(),
        };
        back.insert(key.clone(), value);
    }
    Ok(back.into())
}

/// Our types keep keys for newer hosts that today's drop. Of what is in a history they know none.
fn drop_unknown(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    fields.remove("zzz");
    if let Some(Value::Array(history)) = fields.get_mut("history") {
        history.fill(json!({}));
    }
    fields.values_mut().for_each(drop_unknown);
}

#[test]
fn our_results_are_what_hosts_accept() {
    let mut exceptions = 0;
    for case in cases("result_validation.json", 52) {
        let (hook, result) = (text(&case, "hook"), &case["result"]);
        let id = format!("{hook}/{}", text(&case, "id"));
        let outcome = hosts::accepts(result).and_then(|()| match result["modified_payload"] {
            Value::String(_) | Value::Array(_) => Err("a payload is an object".into()),
            _ => read_back(hook, result),
        });
        let listed = |list: &[(&str, &str)]| list.iter().any(|(listed, _)| *listed == id);
        exceptions += usize::from(listed(LENIENT)) + usize::from(listed(STRICT));
        let accepted = (case["accepted"] == true || listed(LENIENT)) && !listed(STRICT);
        assert_eq!(outcome.is_ok(), accepted, "{case}: {outcome:?}");
        let (Ok(mut ours), Some(parsed)) = (outcome, case.get("parsed")) else {
            continue;
        };
        let mut parsed = parsed.clone();
        drop_unknown(&mut ours);
        for value in [&mut ours, &mut parsed] {
            normal::numbers(value);
            normal::result(value, hook);
        }
        // The recorded violation has no `plugin_name`, which the host keeps apart.
        if let Some(violation) = ours["violation"].as_object_mut() {
            violation.remove("plugin_name");
        }
        assert_eq!(ours, parsed, "{id}");
    }
    assert_eq!(
        exceptions,
        LENIENT.len() + STRICT.len(),
        "every exception is a case"
    );
}
