//! Payloads of the tool hooks ([protocol, section
//! 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::{Map, Value};

/// A tool call before the tool runs; payload and result of [`ToolPreInvoke`](super::ToolPreInvoke).
///
/// The gateway takes back `name`, `args` and `headers` ([protocol, section
/// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
///
/// ```
/// use plugin_sdk::hooks::ToolPreInvokePayload;
///
/// let mut payload = ToolPreInvokePayload::new("search").with_arg("query", "crab cake").with_arg("limit", 3);
/// payload.args.insert("limit".into(), 10.into());
///
/// assert_eq!(payload.args["query"], "crab cake");
/// assert_eq!(payload.args["limit"], 10);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolPreInvokePayload {
    /// The tool's name. Another name sends the call to another tool.
    pub name: String,
    /// The arguments of the call by name. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub args: Map,
    /// The HTTP headers that the gateway passes on to the tool. Deprecated by the host in favour of its
    /// extensions, which external plugins do not get, so this is the place to read and change them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Map<String>>,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl ToolPreInvokePayload {
    /// A call of the tool `name` without arguments.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            args: Map::new(),
            headers: None,
            extra: Map::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with_arg(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.args.insert(name.into(), value.into());
        self
    }

    /// Adds an HTTP header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }
}

setters! { ToolPreInvokePayload { with_args(args: Map); } }

/// A tool call after the tool ran; payload and result of [`ToolPostInvoke`](super::ToolPostInvoke).
///
/// The gateway takes back `result` ([protocol, section
/// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
///
/// ```
/// use plugin_sdk::hooks::ToolPostInvokePayload;
///
/// let payload = ToolPostInvokePayload::new("search", "no results");
/// assert_eq!(payload.result, "no results");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolPostInvokePayload {
    /// The tool's name.
    pub name: String,
    /// What the tool returned: for an MCP tool an object with `content` (a list of content blocks), `isError`,
    /// `structuredContent` and perhaps `_meta`. An object with `content` that goes back is read the same way; any
    /// other value becomes one text block. May be null.
    #[serde(default)]
    pub result: Value,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl ToolPostInvokePayload {
    /// What the tool `name` returned.
    pub fn new(name: impl Into<String>, result: impl Into<Value>) -> Self {
        Self {
            name: name.into(),
            result: result.into(),
            extra: Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn what_the_hook_does_not_touch_goes_back_as_it_came() {
        let document = json!({
            "name": "search",
            "args": {"query": "crab", "limit": 3, "none": null, "nested": {"list": [1, 2.5]}},
            "headers": {"x-request-id": "1"},
            "added_by_a_newer_host": {"deep": [true]},
        });
        let payload: ToolPreInvokePayload = from_value(document.clone()).unwrap();
        assert_eq!(payload.extra["added_by_a_newer_host"]["deep"][0], true);
        assert_eq!(to_value(&payload).unwrap(), document);
    }

    #[test]
    fn null_and_absent_arguments_read_as_empty() {
        for document in [
            json!({"name": "t", "args": null, "headers": null}),
            json!({"name": "t"}),
        ] {
            let mut payload: ToolPreInvokePayload = from_value(document).unwrap();
            assert!(payload.args.is_empty());
            assert_eq!(payload.headers, None);
            payload.args.insert("added".into(), 1.into());
            assert_eq!(
                to_value(&payload).unwrap(),
                json!({"name": "t", "args": {"added": 1}})
            );
        }
    }

    #[test]
    fn a_missing_result_is_null_and_is_sent() {
        let payload: ToolPostInvokePayload = from_value(json!({"name": "t"})).unwrap();
        assert_eq!(payload.result, Value::Null);
        assert_eq!(to_value(&payload).unwrap(), json!({"name": "t", "result": null}));
    }

    #[test]
    fn a_missing_name_is_an_error_that_says_so() {
        let error = from_value::<ToolPreInvokePayload>(json!({"args": {}})).unwrap_err();
        assert_eq!(error.to_string(), "missing field `name`");
    }
}
