//! The battery of the real host, by the Rust client: the cases and what the model says of them come from `tests/host/cases.py`.
//! Each runs against a plugin in the same process and against one behind every transport, and all must say the same.

mod python;

use std::collections::BTreeMap;

use plugin_sdk::{
    GlobalContext, Map, PluginContext, PluginResult, Value,
    hooks::{self, Hook},
    host::{CallError, HostedPlugin, InProcessPlugin, Invoke, PluginConfig},
};
use plugin_sdk_tests::probe::ProbePlugin;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};

use super::{connect_with, everywhere, map};
use crate::{
    installation::Failed,
    real_host::{CURRENT, host_directory},
};

const PROBE: &str = env!("CARGO_BIN_EXE_probe-plugin");
const CASES_PER_HOOK: u32 = 60;

/// A way to call a plugin, and what it is called.
type Way = (&'static str, Box<dyn HostedPlugin>);

/// What came of a call: the result or the error, and the context after it.
type Outcome = (Result<PluginResult<Map>, CallError>, Json);

async fn invoke_typed<H: Hook>(
    plugin: &dyn HostedPlugin,
    payload: &Json,
    context: &mut PluginContext,
) -> Result<PluginResult<Map>, CallError>
where
    H::Payload: Serialize + DeserializeOwned + Sync,
    H::Result: Serialize + DeserializeOwned,
{
    let payload: H::Payload = Value::from(payload.clone()).deserialize_into().unwrap();
    let result = plugin.invoke::<H>(&payload, context).await?;
    let mut untyped = PluginResult::allow();
    untyped.continue_processing = result.continue_processing;
    untyped.modified_payload = result
        .modified_payload
        .map(|payload| match Value::from_serialize(&payload) {
            Ok(Value::Object(payload)) => payload,
            other => panic!("{other:?}"),
        });
    untyped.modified_extensions = result.modified_extensions;
    untyped.violation = result.violation;
    untyped.metadata = result.metadata;
    untyped.denial_metadata = result.denial_metadata;
    untyped.http_headers = result.http_headers;
    untyped.retry_delay_ms = result.retry_delay_ms;
    Ok(untyped)
}

/// Calls a hook with its own types.
macro_rules! typed {
    ($hook:expr, $plugin:expr, $payload:expr, $context:expr; $($marker:ident)+) => {
        match $hook {
            $(hooks::$marker::NAME => invoke_typed::<hooks::$marker>($plugin, $payload, $context).await,)+
            other => panic!("{other} is no hook"),
        }
    };
}

async fn invoke(plugin: &dyn HostedPlugin, case: &Json, with_types: bool) -> Outcome {
    let hook = case["hook"].as_str().unwrap();
    let mut context = context(&case["context"]);
    let result = if with_types {
        typed!(hook, plugin, &case["payload"], &mut context;
            ToolPreInvoke ToolPostInvoke PromptPreFetch PromptPostFetch ResourcePreFetch ResourcePostFetch AgentPreInvoke
            AgentPostInvoke HttpPreRequest HttpPostRequest HttpAuthResolveUser HttpAuthCheckPermission IdentityResolve
            TokenDelegate Evaluate CmfToolPreInvoke CmfToolPostInvoke CmfLlmInput CmfLlmOutput CmfResourcePreFetch
            CmfResourcePostFetch CmfPromptPreFetch CmfPromptPostFetch)
    } else {
        plugin
            .invoke_by_name(hook, &map(case["payload"].clone()), &mut context)
            .await
    };
    (result, parts(&context))
}

fn context(parts: &Json) -> PluginContext {
    let mut context = PluginContext::new(parts["request_id"].as_str().unwrap());
    context = context.with_global_context(|mut global: GlobalContext| {
        if let Some(server) = parts["server_id"].as_str() {
            global = global.with_server_id(server);
        }
        if let Some(tenant) = parts["tenant_id"].as_str() {
            global = global.with_tenant_id(tenant);
        }
        if !parts["user"].is_null() {
            global = global.with_user(parts["user"].clone());
        }
        *global.state_mut() = map(parts["global_state"].clone());
        *global.metadata_mut() = map(parts["global_metadata"].clone());
        global
    });
    *context.state_mut() = map(parts["state"].clone());
    *context.metadata_mut() = map(parts["metadata"].clone());
    context
}

fn parts(context: &PluginContext) -> Json {
    let global = context.global_context();
    let object = |map: &Map| Json::from(Value::Object(map.clone()));
    json!({
        "request_id": context.request_id(), "server_id": global.server_id(), "tenant_id": global.tenant_id(),
        "user": global.user().cloned().map(Json::from), "content_type": null, "user_id": null,
        "state": object(context.state()), "metadata": object(context.metadata()),
        "global_state": object(global.state()), "global_metadata": object(global.metadata()),
    })
}

/// A result in the words of the model. What is null is not there.
fn in_model_words(result: &PluginResult<Map>) -> Json {
    let object = |map: &Map| Json::from(Value::Object(map.clone()));
    let mut words =
        json!({"continue_processing": result.continue_processing, "metadata": object(&result.metadata)});
    if let Some(payload) = &result.modified_payload {
        words["modified_payload"] = object(payload);
    }
    if let Some(violation) = &result.violation {
        words["violation"] = serde_json::to_value(violation).unwrap();
    }
    if let Some(metadata) = &result.denial_metadata {
        words["denial_metadata"] = serde_json::to_value(metadata).unwrap();
    }
    if let Some(headers) = &result.http_headers {
        words["http_headers"] = serde_json::to_value(headers).unwrap();
    }
    if result.retry_delay_ms != 0 {
        words["retry_delay_ms"] = result.retry_delay_ms.into();
    }
    words
}

/// Leaves out what means the same as nothing: null and empty entries of payloads and violations, and what is the host's default.
fn comparable(value: &mut Json) {
    // Telemetry alone keeps integers whole.
    let denial_metadata = value.get("denial_metadata").cloned();
    doubles(value);
    if let Some(metadata) = denial_metadata {
        value["denial_metadata"] = metadata;
    }
    for key in ["modified_payload", "violation"] {
        if let Some(part) = value.get_mut(key) {
            without_nothing(part);
        }
    }
    if let Some(echo) = value.pointer_mut("/metadata/payload") {
        without_nothing(echo);
    }
    if value["retry_delay_ms"] == json!(0.0) {
        value.as_object_mut().unwrap().remove("retry_delay_ms");
    }
}

/// Every number as the double that it is on the wire.
fn doubles(value: &mut Json) {
    match value {
        Json::Number(number) => *value = json!(number.as_f64().unwrap()),
        Json::Array(items) => items.iter_mut().for_each(doubles),
        Json::Object(fields) => fields.values_mut().for_each(doubles),
        _ => {}
    }
}

/// What hosts fill in.
const DEFAULTS: [(&str, &str); 4] = [
    ("hook", "evaluate"),
    ("source", "bearer"),
    ("target_type", "tool"),
    ("auth_enforced_by", "caller"),
];
const REJECT_STATUS: f64 = 401.0;

fn without_nothing(value: &mut Json) {
    match value {
        Json::Object(fields) => {
            fields.values_mut().for_each(without_nothing);
            fields.retain(|key, value| {
                let is_default = (key == "reject_status" && *value == json!(REJECT_STATUS))
                    || DEFAULTS
                        .iter()
                        .any(|(name, default)| key == name && *value == *default);
                let is_nothing = [
                    json!(null),
                    json!({}),
                    json!([]),
                    json!(""),
                    json!(false),
                    json!(0.0),
                ]
                .contains(value);
                !(is_nothing || is_default)
            });
        }
        Json::Array(items) => items.iter_mut().for_each(without_nothing),
        _ => {}
    }
}

/// How an outcome differs from what the model says, if it does.
fn difference(case: &Json, (result, mut after): Outcome) -> Option<String> {
    match (&case["failure"], result) {
        (Json::Null, Ok(result)) => {
            let (mut ours, mut expected) = (in_model_words(&result), case["result"].clone());
            comparable(&mut ours);
            comparable(&mut expected);
            if ours != expected {
                return Some(format!("the result is {ours}, not {expected}"));
            }
        }
        (failure, Err(CallError::Plugin(error))) if !failure.is_null() => {
            let message = failure["message"].as_str().unwrap();
            let is_it = if failure["exact"] == true {
                error.message == message
            } else {
                error.message.contains(message)
            };
            let mut ours = json!({
                "code": error.code, "details": Value::Object(error.details), "mcp_error_code": error.mcp_error_code,
                "plugin": error.plugin_name,
            });
            let mut expected = json!({
                "code": failure["code"], "details": failure["details"], "mcp_error_code": failure["mcp_error_code"],
                "plugin": case["plugin"],
            });
            doubles(&mut ours);
            doubles(&mut expected);
            if !is_it || ours != expected {
                return Some(format!(
                    "the error is {:?} with {ours}, not {message:?} with {expected}",
                    error.message
                ));
            }
        }
        (_, result) => return Some(format!("there is {result:?}")),
    }
    let mut expected = case["after"].clone();
    doubles(&mut after);
    doubles(&mut expected);
    // Where a state can be empty and sent, it is taken over; elsewhere the host keeps its own.
    if after["global_state"] == json!({}) {
        expected["global_state"] = json!({});
    }
    (after != expected).then(|| format!("the context after it is {after}, not {expected}"))
}

/// The cases, a line of JSON each.
fn cases() -> Result<Option<Vec<Json>>, Failed> {
    let Some(lines) = CURRENT.written_by("cases.py", &[&CASES_PER_HOOK.to_string()])? else {
        return Ok(None);
    };
    Ok(Some(
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    ))
}

/// The entries of the probe's file by name.
fn entries() -> (String, BTreeMap<String, PluginConfig>) {
    let text = std::fs::read_to_string(host_directory().join("probe.yaml")).unwrap();
    let gateway = plugin_sdk::host::GatewayConfig::parse("probe.yaml", &text).unwrap();
    let entries = gateway
        .others()
        .map(|entry| (entry.name().to_owned(), entry.clone()));
    (text, entries.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hook_answers_as_the_model_says_in_the_same_process_and_over_every_transport()
-> Result<(), Failed> {
    let Some(cases) = cases()? else {
        return Ok(());
    };
    let (file, entries) = entries();
    let (_server, sections) = everywhere(PROBE, &file);
    // By the name of the instance, what calls it in every way.
    let mut plugins: BTreeMap<String, Vec<Way>> = BTreeMap::new();
    for (name, entry) in &entries {
        let here = InProcessPlugin::start::<ProbePlugin>(entry).await.unwrap();
        let mut ways: Vec<Way> = vec![("in the same process", Box::new(here))];
        for (transport, section) in &sections {
            let external = connect_with(name, section).await.unwrap();
            assert_eq!(external.config().priority(), entry.priority(), "{transport}");
            ways.push((transport, Box::new(external)));
        }
        plugins.insert(name.clone(), ways);
    }
    let mut counts = [0, 0, 0];
    for (number, case) in cases.iter().enumerate() {
        let with_types = number % 2 == 0;
        for (way, plugin) in &plugins[case["plugin"].as_str().unwrap()] {
            let difference = difference(case, invoke(&**plugin, case, with_types).await);
            assert_eq!(difference, None, "{way}: {case}");
        }
        let kind = match (&case["failure"], &case["result"]["continue_processing"]) {
            (Json::Null, Json::Bool(true)) => 0,
            (Json::Null, _) => 1,
            _ => 2,
        };
        counts[kind] += 1;
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    Ok(())
}
