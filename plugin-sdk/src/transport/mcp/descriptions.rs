//! What clients are told about the three tools.

use crate::protocol::mcp::tool;

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
        name: tool::GET_PLUGIN_CONFIGS,
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
        name: tool::GET_PLUGIN_CONFIG,
        title: "Configuration of one plugin",
        text: "Returns the configuration of one plugin as a JSON object, which is empty if the server has no plugin of \
                      that name. Upper and lower case make no difference.",
        input_schema: r#"{"type":"object","properties":{"name":{"type":"string","description":"The name of the plugin"}},"required":["name"]}"#,
        output_schema: None,
        read_only: true,
    },
    Description {
        name: tool::INVOKE_HOOK,
        title: "Call a hook of a plugin",
        text: "Calls a hook of a plugin with a payload and a context. Returns a JSON object with the name of the plugin \
                      and either `result`, with `context` next to it if the plugin changed the context, or `error`.",
        input_schema: r#"{"type":"object","properties":{"hook_type":{"type":"string","description":"The name of the hook, such as tool_pre_invoke"},"plugin_name":{"type":"string","description":"The name of the plugin"},"payload":{"type":"object","additionalProperties":true,"description":"The payload of the hook"},"context":{"type":"object","additionalProperties":true,"description":"The plugin's context; global_context.request_id is needed"}},"required":["hook_type","plugin_name","payload","context"]}"#,
        output_schema: None,
        read_only: false,
    },
];

impl Description {
    /// The tool as `tools/list` has it.
    pub(super) fn to_json(&self) -> String {
        let Self {
            name,
            title,
            text,
            input_schema,
            output_schema,
            read_only,
        } = self;
        let output_schema =
            output_schema.map_or_else(String::new, |schema| format!(r#","outputSchema":{schema}"#));
        // A hook decides what it does; it may well write to a database of its own.
        let annotations = if *read_only {
            r#""readOnlyHint":true,"idempotentHint":true,"openWorldHint":false"#
        } else {
            r#""readOnlyHint":false,"destructiveHint":false,"idempotentHint":false,"openWorldHint":true"#
        };
        // Nothing in it needs an escape.
        format!(
            r#"{{"name":"{name}","title":"{title}","description":"{text}","inputSchema":{input_schema}{output_schema},"annotations":{{"title":"{title}",{annotations}}}}}"#
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn tools_are_listed_as_json() {
        for tool in &DESCRIPTIONS {
            let listed: Value = serde_json::from_str(&tool.to_json()).unwrap();
            assert_eq!(listed["name"], tool.name);
            assert_eq!(listed["annotations"]["readOnlyHint"], tool.read_only);
            assert_eq!(listed["inputSchema"]["type"], "object");
        }
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
