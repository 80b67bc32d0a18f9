//! The texts in a message of a conversation.

use plugin_sdk::hooks::message::{ContentPart, Message};

use crate::redact::Redaction;

/// Redacts every text of a message, those of messages in it as well.
pub(crate) fn redact(message: &mut Message, redaction: &mut Redaction<'_>) {
    for part in &mut message.content {
        match part {
            ContentPart::Text { text, .. } | ContentPart::Thinking { text, .. } => redaction.text(text),
            ContentPart::ToolCall { content, .. } => redaction.map(&mut content.arguments),
            ContentPart::ToolResult { content, .. } => redaction.value(&mut content.content),
            ContentPart::PromptRequest { content, .. } => redaction.map(&mut content.arguments),
            ContentPart::PromptResult { content, .. } => {
                content.content.iter_mut().for_each(|text| redaction.text(text));
                content
                    .messages
                    .iter_mut()
                    .for_each(|message| redact(message, redaction));
            }
            ContentPart::Resource { content, .. } => {
                content.content.iter_mut().for_each(|text| redaction.text(text));
            }
            // A part of a newer host: whatever it is, its strings are looked at.
            ContentPart::Other(part) => redaction.map(part),
            // Pictures, sounds and references hold no text.
            _ => {}
        }
    }
}
