//! The slot `agent`.

use serde::{Deserialize, Serialize};

use crate::setters::setters;
use crate::value::{Map, Value};

/// The agent that acts, and in which conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentExtension {
    /// What the user asked for in the first place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The id of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The id of the conversation in the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// The position in the conversation, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u64>,
    /// The id of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The id of the agent that started this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_agent_id: Option<String>,
    /// What was said before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationContext>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    AgentExtension {
        with_input(input: Option<String>);
        with_session_id(session_id: Option<String>);
        with_conversation_id(conversation_id: Option<String>);
        with_turn(turn: Option<u64>);
        with_agent_id(agent_id: Option<String>);
        with_parent_agent_id(parent_agent_id: Option<String>);
        with_conversation(conversation: Option<ConversationContext>);
    }
}

/// What was said before, in [`AgentExtension::conversation`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConversationContext {
    /// The last messages. Leave it empty: Python hosts cannot read it ([protocol, section
    /// 5.9](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#59-extensions)).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Value>,
    /// A summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The topics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map,
}

setters! {
    ConversationContext {
        with_history(history: Vec<Value>);
        with_summary(summary: Option<String>);
        with_topics(topics: Vec<String>);
    }
}
