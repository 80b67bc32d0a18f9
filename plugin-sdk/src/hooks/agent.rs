//! Payloads of the agent hooks ([protocol, section
//! 5.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#52-agent)).

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::{Map, Value};

/// An agent call before the agent runs; payload and result of [`AgentPreInvoke`](super::AgentPreInvoke).
///
/// Every field is writable; the gateway uses `parameters` and `headers` ([protocol, section
/// 5.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#52-agent)).
///
/// ```
/// use plugin_sdk::hooks::AgentPreInvokePayload;
/// use serde_json::json;
///
/// let payload = AgentPreInvokePayload::new("translator", [json!({"role": "user", "content": "Hello"})])
///     .with_model("small")
///     .with_parameter("temperature", 0.2);
/// assert_eq!(payload.messages[0]["content"], "Hello");
/// assert_eq!(payload.parameters["temperature"], 0.2);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentPreInvokePayload {
    /// The agent's id.
    pub agent_id: String,
    /// The conversation, oldest message first. The gateway sends one message
    /// `{"role": "user", "content": <parameters>}`, or none.
    pub messages: Vec<Value>,
    /// The names of the tools that the agent may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// The HTTP headers that the gateway passes on to the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Map<String>>,
    /// The model to use instead of the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The instructions that the agent starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// The parameters of the call, such as `temperature` or `max_tokens`. Empty by default.
    #[serde(default, skip_serializing_if = "Map::was_absent")]
    pub parameters: Map,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl AgentPreInvokePayload {
    /// A call of the agent `agent_id` with these messages.
    pub fn new(agent_id: impl Into<String>, messages: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        Self {
            agent_id: agent_id.into(),
            messages: messages.into_iter().map(Into::into).collect(),
            tools: None,
            headers: None,
            model: None,
            system_prompt: None,
            parameters: Map::new(),
            extra: Map::new(),
        }
    }

    /// Adds an HTTP header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }
}

setters! {
    AgentPreInvokePayload {
        with_tools(tools: Option<Vec<String>>);
        with_model(model: Option<String>);
        with_system_prompt(system_prompt: Option<String>);
    }
}

/// An agent call after the agent answered; payload and result of [`AgentPostInvoke`](super::AgentPostInvoke).
///
/// `messages` and `tool_calls` are writable, but the gateway only observes the result and keeps the agent's answer
/// ([protocol, section 5.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#52-agent)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentPostInvokePayload {
    /// The agent's id.
    pub agent_id: String,
    /// The agent's answer. The gateway sends one message `{"role": "assistant", "content": <response>}`.
    pub messages: Vec<Value>,
    /// The tools that the agent called, as objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<Map>>,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl AgentPostInvokePayload {
    /// What the agent `agent_id` answered.
    pub fn new(agent_id: impl Into<String>, messages: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        Self {
            agent_id: agent_id.into(),
            messages: messages.into_iter().map(Into::into).collect(),
            tool_calls: None,
            extra: Map::new(),
        }
    }
}

setters! { AgentPostInvokePayload { with_tool_calls(tool_calls: Option<Vec<Map>>); } }
