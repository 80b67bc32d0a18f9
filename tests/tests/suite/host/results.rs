//! What hosts accept as the result of a hook, and what they refuse ([protocol, section
//! 7](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#7-results)), through the client:
//! the recorded results come from a server without envelopes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use plugin_sdk::{
    PluginContext, PluginResult,
    hooks::{self, Hook},
    host::{CallError, HookCall, HostedPlugin},
};
use prost::Message;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::{
    connect_to,
    lost::{place, serve, unknown_message},
    map,
};
use crate::vectors::{cases, decode, text};

/// Hosts refuse these, but our types read them, as they read more than hosts do everywhere.
const LENIENT: [&str; 9] = [
    "tool_pre_invoke/executions-null",
    "tool_pre_invoke/executions-bogus",
    "tool_post_invoke/no-result",
    "prompt_post_fetch/no-result",
    "identity_resolve/subject-type",
    "evaluate/message-unknown-key",
    "evaluate/message-bad-content-type",
    "evaluate/message-bad-role",
    "evaluate/message-resource-both",
];
const ALSO_LENIENT: &str = "evaluate/message-range-reversed";

/// Hosts accept this one. Here a decision is true or false, and anything else is no answer.
const STRICT: &str = "tool_pre_invoke/continue-string";

/// An `InvokeHookResponse` of the plugin `Faults` with this result.
fn response(result: &Json) -> Vec<u8> {
    let response = plugin_sdk_proto::cpex::InvokeHookResponse {
        plugin_name: "Faults".to_owned(),
        result: Some(decode::to_struct(result)),
        ..Default::default()
    };
    response.encode_to_vec()
}

async fn call<H: Hook>(plugin: &dyn HostedPlugin, context: &mut PluginContext) -> Result<Json, CallError>
where
    H::Result: DeserializeOwned,
{
    let payload = map(json!({}));
    let reply = plugin.call(HookCall::new(H::NAME, &payload, context)).await?;
    let result: PluginResult<H::Result> = reply.into_result(context)?;
    Ok(json!({
        "continue_processing": result.continue_processing, "retry_delay_ms": result.retry_delay_ms,
        "has_payload": result.modified_payload.is_some(), "has_violation": result.violation.is_some(),
    }))
}

#[tokio::test]
async fn recorded_results_are_read_as_hosts_read_them() {
    let cases = cases("result_validation.json", 52);
    let place = place();
    let answers: Vec<_> = cases.iter().map(|case| response(&case["result"])).collect();
    let next = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&next);
    serve(&place.path, move |message| match message {
        [0x30, ..] => Some(unknown_message()),
        message if message.windows(2).any(|pair| pair == [0x12, 0x06]) => {
            Some(answers[counter.fetch_add(1, Ordering::SeqCst)].clone())
        }
        _ => {
            let config = plugin_sdk::codec::to_struct(&json!({"name": "Faults", "kind": "x"})).unwrap();
            Some([&[0x08, 1, 0x12, u8::try_from(config.len()).unwrap()], &*config].concat())
        }
    });
    let plugin = connect_to("Faults", &place.path, &json!({})).await.unwrap();
    let mut exceptions = 0;
    for case in &cases {
        let hook = text(case, "hook");
        let id = format!("{hook}/{}", text(case, "id"));
        let context = &mut PluginContext::new("request-1");
        let outcome = match hook {
            "tool_pre_invoke" => call::<hooks::ToolPreInvoke>(&plugin, context).await,
            "tool_post_invoke" => call::<hooks::ToolPostInvoke>(&plugin, context).await,
            "prompt_pre_fetch" => call::<hooks::PromptPreFetch>(&plugin, context).await,
            "prompt_post_fetch" => call::<hooks::PromptPostFetch>(&plugin, context).await,
            "resource_post_fetch" => call::<hooks::ResourcePostFetch>(&plugin, context).await,
            "agent_pre_invoke" => call::<hooks::AgentPreInvoke>(&plugin, context).await,
            "http_pre_request" => call::<hooks::HttpPreRequest>(&plugin, context).await,
            "http_auth_resolve_user" => call::<hooks::HttpAuthResolveUser>(&plugin, context).await,
            "http_auth_check_permission" => call::<hooks::HttpAuthCheckPermission>(&plugin, context).await,
            "identity_resolve" => call::<hooks::IdentityResolve>(&plugin, context).await,
            "token_delegate" => call::<hooks::TokenDelegate>(&plugin, context).await,
            _ => call::<hooks::Evaluate>(&plugin, context).await,
        };
        let is_lenient = LENIENT.contains(&id.as_str()) || id == ALSO_LENIENT;
        exceptions += usize::from(is_lenient || id == STRICT);
        let accepted = (case["accepted"] == true || is_lenient) && id != STRICT;
        match outcome {
            Ok(read) => {
                assert!(accepted, "{id} is accepted");
                let sent = &case["result"];
                let expected = json!({
                    "continue_processing": sent.get("continue_processing").unwrap_or(&json!(true)),
                    "retry_delay_ms": sent["retry_delay_ms"].as_f64().map_or(0, |delay| format!("{delay:.0}").parse::<u64>().unwrap()),
                    "has_payload": !sent["modified_payload"].is_null(), "has_violation": !sent["violation"].is_null(),
                });
                assert_eq!(read, expected, "{id}");
            }
            Err(CallError::InvalidAnswer { message }) => {
                assert!(!accepted, "{id} is refused: {message}");
                assert!(message.starts_with("result"), "{id}: {message}");
            }
            Err(error) => panic!("{id}: {error:?}"),
        }
    }
    assert_eq!(exceptions, LENIENT.len() + 2, "every exception is a case");
    assert_eq!(next.load(Ordering::SeqCst), cases.len());
}
