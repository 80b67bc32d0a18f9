//! The payload of the message hooks and the messages in it, in the Common Message Format (CMF; [protocol, sections
//! 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks),
//! [5.7](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#57-message) and
//! [5.8](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#58-message-parts)).

mod content;
mod media;
mod part;

use serde::{Deserialize, Serialize};

pub use self::content::{
    PromptRequest, PromptResult, Resource, ResourceReference, ResourceType, ToolCall, ToolResult,
};
pub use self::media::{AudioSource, DocumentSource, ImageSource, SourceType, VideoSource};
pub use self::part::ContentPart;
use crate::open_enum::open_enum;
use crate::setters::setters;
use crate::value::Map;

/// A message to judge or change; payload and result of [`Evaluate`](super::Evaluate) and of the eight hooks whose
/// name starts with `cmf.`. Each of them has an alias of its own, such as [`CmfLlmInputPayload`].
///
/// ```
/// use plugin_sdk::hooks::MessagePayload;
/// use plugin_sdk::hooks::message::{ContentPart, Message, Role};
///
/// let mut payload = MessagePayload::new(Message::new(Role::User).with_part(ContentPart::text("my pin is 1234")));
/// for part in &mut payload.message.content {
///     if let ContentPart::Text { text, .. } = part {
///         *text = text.replace("1234", "****");
///     }
/// }
/// assert_eq!(payload.message.content, [ContentPart::text("my pin is ****")]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MessagePayload {
    /// The message.
    pub message: Message,
    /// Where in the host the message was found. Information only: the hook that is called is the plugin's method.
    /// `evaluate` by default.
    #[serde(default)]
    pub hook: MessageHookType,
    /// Fields that this version does not know; they go back with the payload.
    #[serde(flatten)]
    pub extra: Map,
}

impl MessagePayload {
    /// A message found at no particular place.
    pub fn new(message: Message) -> Self {
        Self {
            message,
            hook: MessageHookType::default(),
            extra: Map::new(),
        }
    }
}

setters! { MessagePayload { with_hook(hook: MessageHookType); } }

/// Payload and result of [`Evaluate`](super::Evaluate).
pub type EvaluatePayload = MessagePayload;
/// Payload and result of [`CmfToolPreInvoke`](super::CmfToolPreInvoke).
pub type CmfToolPreInvokePayload = MessagePayload;
/// Payload and result of [`CmfToolPostInvoke`](super::CmfToolPostInvoke).
pub type CmfToolPostInvokePayload = MessagePayload;
/// Payload and result of [`CmfLlmInput`](super::CmfLlmInput).
pub type CmfLlmInputPayload = MessagePayload;
/// Payload and result of [`CmfLlmOutput`](super::CmfLlmOutput).
pub type CmfLlmOutputPayload = MessagePayload;
/// Payload and result of [`CmfResourcePreFetch`](super::CmfResourcePreFetch).
pub type CmfResourcePreFetchPayload = MessagePayload;
/// Payload and result of [`CmfResourcePostFetch`](super::CmfResourcePostFetch).
pub type CmfResourcePostFetchPayload = MessagePayload;
/// Payload and result of [`CmfPromptPreFetch`](super::CmfPromptPreFetch).
pub type CmfPromptPreFetchPayload = MessagePayload;
/// Payload and result of [`CmfPromptPostFetch`](super::CmfPromptPostFetch).
pub type CmfPromptPostFetchPayload = MessagePayload;

/// One message of a conversation ([protocol, section
/// 5.7](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#57-message)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// The version of the format. `2.0` by default.
    #[serde(default = "schema_version")]
    pub schema_version: String,
    /// Who speaks.
    pub role: Role,
    /// What is said, part by part. Empty by default.
    #[serde(default)]
    pub content: Vec<ContentPart>,
    /// What kind of output the message is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Fields that this version does not know; they go back with the message. Add none: a host refuses a message
    /// with a field that it does not know ([protocol, section
    /// 5.7](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#57-message)).
    #[serde(flatten)]
    pub extra: Map,
}

impl Message {
    /// A message without content.
    pub fn new(role: Role) -> Self {
        Self {
            schema_version: schema_version(),
            role,
            content: Vec::new(),
            channel: None,
            extra: Map::new(),
        }
    }

    /// Adds a part to the content.
    #[must_use]
    pub fn with_part(mut self, part: impl Into<ContentPart>) -> Self {
        self.content.push(part.into());
        self
    }
}

setters! {
    Message {
        with_content(content: Vec<ContentPart>);
        with_channel(channel: Option<Channel>);
    }
}

fn schema_version() -> String {
    "2.0".to_owned()
}

open_enum! {
    /// Who speaks in a message.
    Role {
        /// The operator's instructions.
        System = "system",
        /// The developer's instructions.
        Developer = "developer",
        /// A human user.
        User = "user",
        /// A model or an agent.
        Assistant = "assistant",
        /// The result of a tool.
        Tool = "tool",
    }
}

open_enum! {
    /// What kind of output a message is.
    Channel {
        /// On the way to an answer.
        Analysis = "analysis",
        /// About the task or the process.
        Commentary = "commentary",
        /// The answer.
        Final = "final",
    }
}

open_enum! {
    /// Where in the host a message was found, in [`MessagePayload::hook`].
    #[derive(Default)]
    MessageHookType {
        /// No particular place.
        #[default]
        Evaluate = "evaluate",
        /// On the way to a model.
        LlmInput = "llm_input",
        /// The answer of a model.
        LlmOutput = "llm_output",
        /// Before a tool runs.
        ToolPreInvoke = "tool_pre_invoke",
        /// After a tool ran.
        ToolPostInvoke = "tool_post_invoke",
        /// Before a prompt is rendered.
        PromptPreFetch = "prompt_pre_fetch",
        /// After a prompt was rendered.
        PromptPostFetch = "prompt_post_fetch",
        /// Before a resource is fetched.
        ResourcePreFetch = "resource_pre_fetch",
        /// After a resource was fetched.
        ResourcePostFetch = "resource_post_fetch",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn a_message_of_a_newer_host_goes_back_as_it_came() {
        let document = json!({
            "message": {
                "schema_version": "3.0",
                "role": "moderator",
                "content": [
                    {"content_type": "text", "text": "hi", "lang": "en"},
                    {"content_type": "hologram", "content": {"data": [1, null]}, "text": 5},
                ],
                "channel": "whisper",
                "added": {"a": 1},
            },
            "hook": "dream",
            "also_added": null,
        });
        let payload: MessagePayload = from_value(document.clone()).unwrap();
        assert_eq!(payload.message.role, Role::Other("moderator".into()));
        assert_eq!(payload.message.channel, Some(Channel::Other("whisper".into())));
        assert!(matches!(&payload.message.content[1], ContentPart::Other(part) if part["text"] == 5));
        assert_eq!(to_value(&payload).unwrap(), document);
    }

    #[test]
    fn missing_fields_take_the_defaults_of_the_host() {
        let payload: MessagePayload = from_value(json!({"message": {"role": "user"}})).unwrap();
        assert_eq!(payload, MessagePayload::new(Message::new(Role::User)));
        assert_eq!(payload.message.schema_version, "2.0");
        assert_eq!(payload.hook, MessageHookType::Evaluate);
    }
}
