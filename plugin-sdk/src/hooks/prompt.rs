//! Payloads of the prompt hooks ([protocol, section
//! 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::{Map, Value};

/// A prompt before it is rendered; payload and result of [`PromptPreFetch`](super::PromptPreFetch).
///
/// The gateway takes back `args` ([protocol, section
/// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
///
/// ```
/// use plugin_sdk::hooks::PromptPreFetchPayload;
///
/// let mut payload = PromptPreFetchPayload::new("greeting").with_arg("user", "Bob");
/// for value in payload.args.values_mut() {
///     *value = value.to_uppercase();
/// }
/// assert_eq!(payload.args["user"], "BOB");
/// ```
#[doc(alias = "PromptPrehookPayload")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptPreFetchPayload {
    /// The prompt's id.
    pub prompt_id: String,
    /// The values for the prompt's template by name. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub args: Map<String>,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl PromptPreFetchPayload {
    /// A request for the prompt `prompt_id` without arguments.
    pub fn new(prompt_id: impl Into<String>) -> Self {
        Self {
            prompt_id: prompt_id.into(),
            args: Map::new(),
            extra: Map::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with_arg(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.args.insert(name.into(), value.into());
        self
    }
}

setters! { PromptPreFetchPayload { with_args(args: Map<String>); } }

/// A prompt after it was rendered; payload and result of [`PromptPostFetch`](super::PromptPostFetch).
///
/// The gateway takes back `result` ([protocol, section
/// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
///
/// ```
/// use plugin_sdk::hooks::PromptPostFetchPayload;
/// use serde_json::json;
///
/// let payload = PromptPostFetchPayload::new(
///     "greeting",
///     json!({"messages": [{"role": "user", "content": {"type": "text", "text": "Hello Bob"}}]}),
/// );
/// assert_eq!(payload.result["messages"][0]["content"]["text"], "Hello Bob");
/// ```
#[doc(alias = "PromptPosthookPayload")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PromptPostFetchPayload {
    /// The prompt's name (not its id, which the hook before gets).
    pub prompt_id: String,
    /// The rendered prompt: an object with `messages` (each a `role` and a `content` such as
    /// `{"type": "text", "text": "…"}`) and `description` (a string, null or absent). May be null.
    #[serde(default)]
    pub result: Value,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl PromptPostFetchPayload {
    /// What the prompt `prompt_id` rendered to.
    pub fn new(prompt_id: impl Into<String>, result: impl Into<Value>) -> Self {
        Self {
            prompt_id: prompt_id.into(),
            result: result.into(),
            extra: Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn an_argument_that_is_not_a_string_is_an_error() {
        let error =
            from_value::<PromptPreFetchPayload>(json!({"prompt_id": "p", "args": {"n": 1}})).unwrap_err();
        assert!(error.to_string().contains("expected a string"), "{error}");
    }
}
