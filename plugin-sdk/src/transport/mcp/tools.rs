//! The three tools that hosts call (`protocol.md`, section 4.2): what they are, and what they answer. This file knows nothing of
//! the library that carries them.

use std::sync::Arc;

use super::arguments::{Arguments, object, string};
use crate::{
    dispatch::{Dispatcher, json::refused_arguments},
    nearest::unknown,
};

/// What a client is told about a tool.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
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
        description: "Returns the configuration of every plugin of this server: one JSON object each, in the order of the \
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
        description: "Returns the configuration of one plugin as a JSON object, which is empty if the server has no plugin of \
                      that name. Upper and lower case make no difference.",
        input_schema: r#"{"type":"object","properties":{"name":{"type":"string","description":"The name of the plugin"}},"required":["name"]}"#,
        output_schema: None,
        read_only: true,
    },
    Description {
        name: "invoke_hook",
        title: "Call a hook of a plugin",
        description: "Calls a hook of a plugin with a payload and a context. Returns a JSON object with the name of the plugin \
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
        tracing::warn!(plugin_name, "a tool is called wrongly: {problem}");
        Self {
            is_error: true,
            ..Self::of_text(refused_arguments(plugin_name, problem))
        }
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
