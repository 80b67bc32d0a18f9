//! What the three tools answer, and what they say to a wrong call.

use plugin_sdk::prelude::*;
use serde_json::{Value, json};

#[plugin(hooks = [tool_pre_invoke, tool_post_invoke])]
#[derive(Default)]
struct Example;

impl Example {
    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        match payload.name.as_str() {
            "panic" => panic!("on purpose"),
            "fail" => Err(PluginError::new("no").with_code("E42")),
            "change" => {
                context.state_mut().insert("seen".into(), true.into());
                payload.args.insert("added".into(), 1.into());
                Ok(PluginResult::modify_payload(payload))
            }
            _ => Ok(PluginResult::allow()),
        }
    }

    async fn tool_post_invoke(
        &self,
        payload: ToolPostInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        Ok(PluginResult::modify_payload(payload))
    }
}

/// The result of a call.
async fn call(tool: &str, arguments: Value) -> Value {
    let params = json!({"name": tool, "arguments": arguments});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
    let answer = Example.into_mcp_handler().handle(message.into()).await.unwrap();
    let mut answer: Value = serde_json::from_slice(&answer).unwrap();
    answer["result"].take()
}

fn is_error(answer: &Value) -> bool {
    answer["isError"].as_bool().unwrap()
}

/// The one text of an answer.
fn text(answer: &Value) -> Value {
    let content = answer["content"].as_array().unwrap();
    assert_eq!(content.len(), 1, "{answer}");
    serde_json::from_str(content[0]["text"].as_str().unwrap()).unwrap()
}

fn invocation(payload: &Value) -> Value {
    json!({
        "hook_type": "tool_pre_invoke",
        "plugin_name": "Example",
        "payload": payload,
        "context": {"global_context": {"request_id": "r"}, "state": {}, "metadata": {}},
    })
}

#[tokio::test]
async fn a_hook_is_called_however_the_objects_come() {
    let payload = json!({"name": "change", "args": {"n": 3, "f": 2.5, "nothing": null, "big": u64::MAX}});
    let expected = json!({
        "plugin_name": "Example",
        "result": {
            "continue_processing": true,
            "modified_payload": {
                "name": "change",
                "args": {"n": 3, "f": 2.5, "nothing": null, "big": u64::MAX, "added": 1},
            },
        },
    });
    let mut as_text = invocation(&payload.to_string().into());
    as_text["context"] = as_text["context"].to_string().into();
    as_text["unknown"] = json!(["is", "ignored"]);
    for arguments in [invocation(&payload), as_text] {
        let answer = call("invoke_hook", arguments).await;
        assert!(!is_error(&answer) && answer.get("structuredContent").is_none());
        let mut answer = text(&answer);
        let context = answer.as_object_mut().unwrap().remove("context").unwrap();
        assert_eq!(context["state"], json!({"seen": true}));
        assert_eq!(context["global_context"]["request_id"], "r");
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn what_a_plugin_does_wrong_is_no_error_of_the_tool() {
    for (payload, code) in [
        (json!({"name": "fail"}), "E42"),
        (json!({"name": "panic"}), "PLUGIN_PANIC"),
        (json!({"args": {}}), ""),
    ] {
        let answer = call("invoke_hook", invocation(&payload)).await;
        assert!(!is_error(&answer));
        let answer = text(&answer);
        assert_eq!(answer["plugin_name"], "Example");
        assert_eq!(answer["error"]["code"], code);
        assert_eq!(answer["error"]["mcp_error_code"], -32603);
        let keys: Vec<_> = answer["error"].as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["message", "plugin_name", "code", "details", "mcp_error_code"]
        );
    }
    let mut unknown = invocation(&json!({"name": "t"}));
    unknown["plugin_name"] = "Nobody".into();
    let answer = call("invoke_hook", unknown).await;
    assert!(!is_error(&answer));
    assert_eq!(
        text(&answer)["error"]["message"],
        "Unable to find tool_pre_invoke for plugin Nobody.  Make sure the plugin is registered."
    );
    let mut without_request = invocation(&json!({"name": "t"}));
    without_request["context"] = json!({});
    let answer = call("invoke_hook", without_request).await;
    assert!(!is_error(&answer));
    let message = text(&answer)["error"]["message"].to_string();
    assert!(message.contains("missing field `global_context`"), "{message}");
}

#[tokio::test]
async fn arguments_that_are_wrong_are_an_error_that_hosts_can_read() {
    for (key, value, problem) in [
        ("payload", json!(null), "payload must be an object, and is null"),
        (
            "payload",
            json!("words"),
            "payload must be an object, and is a string that holds none",
        ),
        ("context", json!([]), "context must be an object, and is a list"),
        (
            "hook_type",
            json!(7),
            "hook_type must be a string, and is a number",
        ),
    ] {
        let mut arguments = invocation(&json!({"name": "t"}));
        arguments[key] = value;
        let answer = call("invoke_hook", arguments).await;
        assert!(is_error(&answer));
        let answer = text(&answer);
        assert_eq!(answer["plugin_name"], "Example");
        assert_eq!(answer["error"]["message"], format!("invoke_hook: {problem}"));
        assert_eq!(answer["error"]["mcp_error_code"], -32602);
    }
    for missing in ["hook_type", "plugin_name", "payload", "context"] {
        let mut arguments = invocation(&json!({"name": "t"}));
        arguments.as_object_mut().unwrap().remove(missing);
        let answer = call("invoke_hook", arguments).await;
        assert!(is_error(&answer));
        let message = text(&answer)["error"]["message"].to_string();
        assert!(
            message.contains(&format!("invoke_hook: {missing} is missing")),
            "{message}"
        );
    }
    let answer = call("invoke_hok", json!({})).await;
    assert!(is_error(&answer));
    let message = text(&answer)["error"]["message"].to_string();
    assert!(message.contains("did you mean \\\"invoke_hook\\\"?"), "{message}");
    let answer = call("get_plugin_config", json!({"name": {}})).await;
    assert!(is_error(&answer));
}

#[tokio::test]
async fn a_result_that_is_absent_counts_as_null() {
    let mut arguments = invocation(&json!({"name": "t"}));
    arguments["hook_type"] = "tool_post_invoke".into();
    let answer = text(&call("invoke_hook", arguments).await);
    assert_eq!(
        answer["result"]["modified_payload"],
        json!({"name": "t", "result": null})
    );
}

#[tokio::test]
async fn configurations_have_the_shapes_that_hosts_read() {
    let answer = call("get_plugin_config", json!({"name": "EXAMPLE"})).await;
    assert!(!is_error(&answer) && answer.get("structuredContent").is_none());
    let config = text(&answer);
    assert_eq!(config["name"], "Example");
    assert_eq!(config["hooks"], json!(["tool_pre_invoke", "tool_post_invoke"]));
    let answer = call("get_plugin_config", json!({"name": "nobody"})).await;
    assert_eq!(
        answer,
        json!({"content": [{"type": "text", "text": "{}"}], "isError": false})
    );

    let answer = call("get_plugin_configs", json!({"name": 7})).await;
    assert_eq!(text(&answer), config);
    assert_eq!(answer["structuredContent"], json!({ "result": [config] }));
}
