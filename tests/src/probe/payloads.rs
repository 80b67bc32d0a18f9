//! Where each payload has its text and its directives.

use plugin_sdk::hooks::MessagePayload;
use plugin_sdk::prelude::*;
use plugin_sdk::{Map, Value};
use serde::Serialize;

use super::text::{Directed, Text, Words};

/// What the engine needs of a payload.
pub(super) trait ProbePayload: Serialize + Send + Sync {
    /// Shows every string of the text to `see`.
    fn visit(&self, see: &mut dyn FnMut(&str));

    /// Replaces words in the text, and tells whether a string changed.
    fn replace(&mut self, words: &Words) -> bool;

    /// The directive object.
    fn directives(&self) -> Option<&Map>;
}

/// What a field is for the probe.
trait Role<Field> {
    fn visit(field: &Field, see: &mut dyn FnMut(&str));
    fn replace(field: &mut Field, words: &Words) -> bool;
    fn directives(field: &Field) -> Option<&Map>;
}

struct TextOnly;
struct TextAndDirectives;
struct DirectivesOnly;

impl<Field: Text> Role<Field> for TextOnly {
    fn visit(field: &Field, see: &mut dyn FnMut(&str)) {
        field.visit(see);
    }

    fn replace(field: &mut Field, words: &Words) -> bool {
        field.replace(words)
    }

    fn directives(_field: &Field) -> Option<&Map> {
        None
    }
}

impl<Field: Directed> Role<Field> for TextAndDirectives {
    fn visit(field: &Field, see: &mut dyn FnMut(&str)) {
        field.visit_text(see);
    }

    fn replace(field: &mut Field, words: &Words) -> bool {
        field.replace_text(words)
    }

    fn directives(field: &Field) -> Option<&Map> {
        field.directives()
    }
}

impl<Field: Directed> Role<Field> for DirectivesOnly {
    fn visit(_field: &Field, _see: &mut dyn FnMut(&str)) {}

    fn replace(_field: &mut Field, _words: &Words) -> bool {
        false
    }

    fn directives(field: &Field) -> Option<&Map> {
        field.directives()
    }
}

macro_rules! probe_payloads {
    ($($payload:ident { $($field:ident: $role:ident),+ })+) => {
        $(impl ProbePayload for $payload {
            fn visit(&self, see: &mut dyn FnMut(&str)) {
                $($role::visit(&self.$field, see);)+
            }

            fn replace(&mut self, words: &Words) -> bool {
                let mut changed = false;
                $(changed |= $role::replace(&mut self.$field, words);)+
                changed
            }

            fn directives(&self) -> Option<&Map> {
                None$(.or_else(|| $role::directives(&self.$field)))+
            }
        })+
    };
}

probe_payloads! {
    ToolPreInvokePayload { args: TextAndDirectives }
    ToolPostInvokePayload { result: TextAndDirectives }
    PromptPreFetchPayload { args: TextOnly }
    PromptPostFetchPayload { result: TextAndDirectives }
    ResourcePreFetchPayload { uri: TextOnly, metadata: TextAndDirectives }
    ResourcePostFetchPayload { content: TextAndDirectives }
    AgentPreInvokePayload { messages: TextOnly, parameters: DirectivesOnly }
    AgentPostInvokePayload { messages: TextOnly }
    HttpPreRequestPayload { headers: TextOnly }
    HttpPostRequestPayload { headers: TextOnly, response_headers: TextOnly }
    HttpAuthResolveUserPayload { headers: TextOnly }
    HttpAuthCheckPermissionPayload { permission: TextOnly }
    IdentityResolvePayload { headers: TextOnly }
    TokenDelegatePayload { target_name: TextOnly }
    MessageText { message: TextOnly }
}

/// The text of a message payload. Every string in a message counts, whatever it is for, so the probe works on the
/// message as a value rather than on its parts.
#[derive(Serialize)]
pub(super) struct MessageText {
    message: Value,
}

impl MessageText {
    pub(super) fn of(payload: &MessagePayload) -> Result<Self, PluginError> {
        let message = Value::from_serialize(&payload.message)?;
        Ok(Self { message })
    }

    /// The payload with this text in place of its own.
    pub(super) fn put_into(self, mut payload: MessagePayload) -> Result<MessagePayload, PluginError> {
        payload.message = self.message.deserialize_into()?;
        Ok(payload)
    }
}
