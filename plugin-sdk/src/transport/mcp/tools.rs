//! The three tools that hosts call ([protocol, section
//! 4.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#42-tools)), and what they answer.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{descriptions::DESCRIPTIONS, methods::shortened};
use crate::{
    codec::{Encoding, text::Text, wire::Slice},
    dispatch::{Dispatcher, guard::Panic},
    nearest::unknown,
    protocol::{
        error::ReportedError,
        mcp::{
            answer::ToolAnswer,
            members::{self, Object, kind},
            method::CALL_TOOL,
            params::{Arguments, Params},
            tool,
        },
        request::InvokeHookRequest,
        response,
    },
    repeated::limited,
};

/// The call is wrong. Hosts read the first text as JSON, whatever the answer is, so that this is what they read an error of a
/// plugin from.
pub(super) fn refused(plugin_name: &str, problem: String) -> ToolAnswer {
    limited!(warn, kind: "tools called wrongly"; plugin_name, "a tool is called wrongly: {problem}");
    let error = ReportedError::arguments(plugin_name, problem);
    ToolAnswer {
        is_error: true,
        ..ToolAnswer::of_json(response::refusal(Encoding::Json, error))
    }
}

/// The server itself failed, and nothing is left of the call but this.
pub(super) fn panicked(panic: &Panic) -> ToolAnswer {
    tracing::error!("the server {panic}");
    tracing::debug!("the panic says: {}", panic.text());
    refused("", "the server panicked".to_owned())
}

/// The tools of a server. `Clone` is cheap.
#[derive(Clone)]
pub(super) struct Tools {
    dispatcher: Arc<Dispatcher>,
}

impl Tools {
    pub(super) fn new(dispatcher: Arc<Dispatcher>) -> Self {
        Self { dispatcher }
    }

    pub(super) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// Answers the call of a tool, or finds the hook that it calls. What is wrong with it is an answer of the tool: an error of
    /// JSON-RPC makes hosts end the connection.
    pub(super) fn prepare(&self, message: &Bytes, params: &Params<'_>) -> Prepared {
        let tool = match params.name.map(|name| members::string(name).ok_or(name)) {
            Some(Ok(tool)) => tool,
            Some(Err(other)) => {
                return Prepared::refused(
                    "",
                    format!("{CALL_TOOL}: name must be a string, and is {}", kind(other)),
                );
            }
            None => {
                return Prepared::refused(
                    "",
                    format!("{CALL_TOOL}: name is missing: give the name of a tool"),
                );
            }
        };
        let arguments = match params.arguments {
            None | Some(Object::Other("null")) => Arguments::default(),
            Some(Object::Members(arguments)) => arguments,
            Some(Object::Other(kind)) => {
                let tool = shortened(&tool);
                return Prepared::refused("", format!("{tool}: arguments must be an object, and is {kind}"));
            }
        };
        match &*tool {
            tool::INVOKE_HOOK => invocation(message, &arguments),
            tool::GET_PLUGIN_CONFIG => match text("name", arguments.name, message) {
                Ok(name) => Prepared::Answered(ToolAnswer::of_text(
                    self.dispatcher.config_json(name.as_str()).to_owned(),
                )),
                Err(problem) => Prepared::refused("", format!("{tool}: {problem}")),
            },
            tool::GET_PLUGIN_CONFIGS => Prepared::Answered(self.configs()),
            _ => Prepared::refused("", unknown_tool(&tool)),
        }
    }

    /// Calls a tool with arguments that are JSON by themselves.
    #[cfg(any(test, feature = "rmcp"))]
    pub(super) async fn call(&self, tool: &str, arguments: Bytes) -> ToolAnswer {
        let prepared = (|| {
            let name = serde_json::value::to_raw_value(tool)?;
            let params = Params {
                name: Some(&name),
                arguments: Some(serde_json::from_slice(&arguments)?),
                ..Params::default()
            };
            Ok(self.prepare(&arguments, &params))
        })();
        match prepared {
            Ok(Prepared::Answered(answer)) => answer,
            Ok(Prepared::Hook(request)) => {
                let call = self.dispatcher.respond(request);
                match crate::dispatch::guard::no_panic(call).await {
                    Ok(json) => ToolAnswer::of_json(json),
                    Err(panic) => panicked(&panic),
                }
            }
            Err(error) => {
                let error: serde_json::Error = error;
                refused("", format!("the arguments are not JSON: {error}"))
            }
        }
    }

    fn configs(&self) -> ToolAnswer {
        let texts: Vec<String> = self.dispatcher.configs_json().map(str::to_owned).collect();
        let structured = format!("{{\"result\":[{}]}}", texts.join(","));
        ToolAnswer {
            texts,
            structured: Some(structured),
            is_error: false,
        }
    }
}

fn unknown_tool(tool: &str) -> String {
    let names = DESCRIPTIONS.iter().map(|known| known.name);
    unknown("tool", &shortened(tool), names)
}

/// What becomes of the call of a tool.
pub(super) enum Prepared {
    Answered(ToolAnswer),
    Hook(InvokeHookRequest),
}

impl Prepared {
    fn refused(plugin_name: &str, problem: String) -> Self {
        Self::Answered(refused(plugin_name, problem))
    }
}

fn invocation(message: &Bytes, arguments: &Arguments<'_>) -> Prepared {
    let read = || {
        Ok(InvokeHookRequest::of_json(
            text("hook_type", arguments.hook_type, message)?,
            text("plugin_name", arguments.plugin_name, message)?,
            object("payload", arguments.payload, message)?,
            object("context", arguments.context, message)?,
        ))
    };
    read().map_or_else(
        |problem: String| {
            let plugin_name = arguments
                .plugin_name
                .and_then(members::string)
                .unwrap_or_default();
            Prepared::refused(&plugin_name, format!("{}: {problem}", tool::INVOKE_HOOK))
        },
        Prepared::Hook,
    )
}

/// An argument that is a string.
fn text(name: &str, argument: Option<&RawValue>, message: &Bytes) -> Result<Text, String> {
    let argument = argument.ok_or_else(|| format!("{name} is missing: give it as a string"))?;
    let text = members::string(argument)
        .ok_or_else(|| format!("{name} must be a string, and is {}", kind(argument)))?;
    let in_message = match &text {
        std::borrow::Cow::Borrowed(text) => {
            let part = message.slice_ref(text.as_bytes());
            Text::part(&part, Slice::new(&part)).ok()
        }
        std::borrow::Cow::Owned(_) => None,
    };
    Ok(in_message.unwrap_or_else(|| text.into_owned().into()))
}

/// An argument that is an object, or a string that holds one.
fn object(name: &str, argument: Option<&RawValue>, message: &Bytes) -> Result<Bytes, String> {
    let argument = argument.ok_or_else(|| format!("{name} is missing: give it as an object"))?;
    if members::is_object(argument) {
        return Ok(message.slice_ref(argument.get().as_bytes()));
    }
    let Some(text) = members::string(argument) else {
        return Err(format!("{name} must be an object, and is {}", kind(argument)));
    };
    if !text.trim_start().starts_with('{') {
        return Err(format!(
            "{name} must be an object, and is a string that holds none"
        ));
    }
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| format!("{name} is a string that is not JSON: {error}"))?;
    Ok(text.into_owned().into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::prelude::*;

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

    async fn call(tool: &str, arguments: Value) -> ToolAnswer {
        let tools = Tools::new(Arc::new(Dispatcher::of_plugin(Example)));
        tools.call(tool, arguments.to_string().into()).await
    }

    /// The one text of an answer.
    fn text(answer: &ToolAnswer) -> Value {
        assert_eq!(answer.texts.len(), 1, "{answer:?}");
        serde_json::from_str(&answer.texts[0]).unwrap()
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
            assert!(!answer.is_error && answer.structured.is_none());
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
            assert!(!answer.is_error);
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
        assert!(!answer.is_error);
        assert_eq!(
            text(&answer)["error"]["message"],
            "Unable to find tool_pre_invoke for plugin Nobody.  Make sure the plugin is registered."
        );
        let mut without_request = invocation(&json!({"name": "t"}));
        without_request["context"] = json!({});
        let answer = call("invoke_hook", without_request).await;
        assert!(!answer.is_error);
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
            assert!(answer.is_error);
            let answer = text(&answer);
            assert_eq!(answer["plugin_name"], "Example");
            assert_eq!(
                answer["error"]["message"],
                format!("{}: {problem}", tool::INVOKE_HOOK)
            );
            assert_eq!(answer["error"]["mcp_error_code"], -32602);
        }
        for missing in ["hook_type", "plugin_name", "payload", "context"] {
            let mut arguments = invocation(&json!({"name": "t"}));
            arguments.as_object_mut().unwrap().remove(missing);
            let answer = call("invoke_hook", arguments).await;
            assert!(answer.is_error);
            let message = text(&answer)["error"]["message"].to_string();
            assert!(
                message.contains(&format!("invoke_hook: {missing} is missing")),
                "{message}"
            );
        }
        let answer = call("invoke_hok", json!({})).await;
        assert!(answer.is_error);
        let message = text(&answer)["error"]["message"].to_string();
        assert!(message.contains("did you mean \\\"invoke_hook\\\"?"), "{message}");
        let answer = call("get_plugin_config", json!({"name": {}})).await;
        assert!(answer.is_error);
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
        assert!(!answer.is_error && answer.structured.is_none());
        let config = text(&answer);
        assert_eq!(config["name"], "Example");
        assert_eq!(config["hooks"], json!(["tool_pre_invoke", "tool_post_invoke"]));
        let answer = call("get_plugin_config", json!({"name": "nobody"})).await;
        assert_eq!(
            (answer.texts.as_slice(), answer.is_error),
            (["{}".to_owned()].as_slice(), false)
        );

        let answer = call("get_plugin_configs", json!({"name": 7})).await;
        assert_eq!(text(&answer), config);
        let structured: Value = serde_json::from_str(&answer.structured.unwrap()).unwrap();
        assert_eq!(structured, json!({ "result": [config] }));
    }
}
