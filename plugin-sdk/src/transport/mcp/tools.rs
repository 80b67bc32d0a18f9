//! The three tools that hosts call (`protocol.md`, section 4.2): what they are, and what they answer. This file knows nothing of
//! the library that carries them.

use std::sync::Arc;

use super::arguments::{Arguments, object, string};
use crate::{
    dispatch::{Dispatcher, guard::Panic, json::refused_arguments},
    nearest::unknown,
    repeated::limited,
};

/// What a client is told about a tool.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// JSON schemas as text.
    pub(super) input_schema: &'static str,
    pub(super) output_schema: Option<&'static str>,
    /// Whether the tool changes nothing. Calling a hook may: that is up to the plugin.
    pub(super) read_only: bool,
}

/// The tools in the order of the Python server.
pub(super) const DESCRIPTIONS: [Description; 3] = [
    Description {
        name: "get_plugin_configs",
        title: "Configurations of all plugins",
        text: "Returns the configuration of every plugin of this server: one JSON object each, in the order of the \
                      server's configuration file.",
        input_schema: r#"{"type":"object","properties":{}}"#,
        output_schema: Some(
            r#"{"type":"object","properties":{"result":{"type":"array","description":"The configurations of the plugins","items":{"type":"object","additionalProperties":true}}},"required":["result"]}"#,
        ),
        read_only: true,
    },
    Description {
        name: "get_plugin_config",
        title: "Configuration of one plugin",
        text: "Returns the configuration of one plugin as a JSON object, which is empty if the server has no plugin of \
                      that name. Upper and lower case make no difference.",
        input_schema: r#"{"type":"object","properties":{"name":{"type":"string","description":"The name of the plugin"}},"required":["name"]}"#,
        output_schema: None,
        read_only: true,
    },
    Description {
        name: "invoke_hook",
        title: "Call a hook of a plugin",
        text: "Calls a hook of a plugin with a payload and a context. Returns a JSON object with the name of the plugin \
                      and either `result`, with `context` beside it if the plugin changed the context, or `error`.",
        input_schema: r#"{"type":"object","properties":{"hook_type":{"type":"string","description":"The name of the hook, such as tool_pre_invoke"},"plugin_name":{"type":"string","description":"The name of the plugin"},"payload":{"type":"object","additionalProperties":true,"description":"The payload of the hook"},"context":{"type":"object","additionalProperties":true,"description":"The plugin's context; global_context.request_id is needed"}},"required":["hook_type","plugin_name","payload","context"]}"#,
        output_schema: None,
        read_only: false,
    },
];

/// What a tool answers.
#[derive(Debug, PartialEq)]
pub(super) struct ToolAnswer {
    /// The text blocks, each a JSON object.
    pub(super) texts: Vec<String>,
    /// The same in one JSON object, for a tool that has an output schema.
    pub(super) structured: Option<String>,
    /// Whether the call itself was wrong. An error of a plugin is not one.
    pub(super) is_error: bool,
}

impl ToolAnswer {
    fn of_text(text: String) -> Self {
        Self {
            texts: vec![text],
            structured: None,
            is_error: false,
        }
    }

    /// The call is wrong. Hosts read the first text as JSON, whatever the answer is, so that this is what they read an
    /// error of a plugin from.
    pub(super) fn refused(plugin_name: &str, problem: String) -> Self {
        limited!(warn, kind: "tools called wrongly"; plugin_name, "a tool is called wrongly: {problem}");
        Self {
            is_error: true,
            ..Self::of_text(refused_arguments(plugin_name, problem))
        }
    }

    /// The server itself failed, and nothing is left of the call but this.
    pub(super) fn panicked(panic: &Panic) -> Self {
        tracing::error!("the server {panic}");
        tracing::debug!("the panic says: {}", panic.text());
        Self::refused("", "the server panicked".to_owned())
    }
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

    /// Calls a tool.
    pub(super) async fn call(&self, tool: &str, arguments: Arguments) -> ToolAnswer {
        match tool {
            "invoke_hook" => self.invoke_hook(arguments).await,
            "get_plugin_config" => match string("name", arguments.name) {
                Ok(name) => ToolAnswer::of_text(self.dispatcher.config_json(&name).to_owned()),
                Err(problem) => ToolAnswer::refused("", format!("{tool}: {problem}")),
            },
            "get_plugin_configs" => self.configs(),
            _ => ToolAnswer::refused("", unknown_tool(tool)),
        }
    }

    async fn invoke_hook(&self, arguments: Arguments) -> ToolAnswer {
        let plugin_name = string("plugin_name", arguments.plugin_name);
        let named = plugin_name.clone().unwrap_or_default();
        let read = || {
            Ok((
                string("hook_type", arguments.hook_type)?,
                plugin_name?,
                object("payload", arguments.payload)?,
                object("context", arguments.context)?,
            ))
        };
        match read() {
            Ok((hook_type, plugin_name, payload, context)) => ToolAnswer::of_text(
                self.dispatcher
                    .invoke_json(&hook_type, &plugin_name, payload, context)
                    .await,
            ),
            Err(problem) => {
                let problem: String = problem;
                ToolAnswer::refused(&named, format!("invoke_hook: {problem}"))
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
    // It may be of any length.
    let tool: String = tool.chars().take(100).collect();
    unknown("tool", &tool, DESCRIPTIONS.iter().map(|known| known.name))
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
        let Value::Object(arguments) = arguments else {
            panic!("not an object")
        };
        let tools = Tools::new(Arc::new(Dispatcher::of_plugin(Example).unwrap()));
        tools.call(tool, Arguments::of_map(arguments)).await
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
            assert_eq!(answer["error"]["message"], format!("invoke_hook: {problem}"));
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

    #[test]
    fn the_schemas_are_json_and_name_the_arguments() {
        for tool in &DESCRIPTIONS {
            let input: Value = serde_json::from_str(tool.input_schema).unwrap();
            assert_eq!(input["type"], "object");
            let properties = input["properties"].as_object().unwrap();
            let required = input.get("required").and_then(Value::as_array);
            assert_eq!(properties.len(), required.map_or(0, Vec::len), "{}", tool.name);
            if let Some(output) = tool.output_schema {
                let output: Value = serde_json::from_str(output).unwrap();
                assert_eq!(output["required"], json!(["result"]));
            }
        }
    }
}
