//! The hooks that CPEX hosts call with a message. They have the same payload, and do the same here.

use plugin_sdk::hooks::{MessagePayload, message::ContentPart};
use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
{%- for hook in messages %}
    pub(crate) async fn {{hook}}(
        &self,
        payload: {{hook | upper_camel_case}}Payload,
        _context: &mut PluginContext,
    ) -> HookResult<{{hook | upper_camel_case}}Payload> {
        Ok(self.message(payload))
    }
{% endfor %}
    fn message(&self, mut payload: MessagePayload) -> PluginResult<MessagePayload> {
        let mut found = false;
        for part in &mut payload.message.content {
            if let ContentPart::Text { text, .. } = part
                && let Some(replaced) = self.words.replaced_in(text)
            {
                *text = replaced;
                found = true;
            }
        }
        if found {
            PluginResult::modify_payload(payload)
        } else {
            PluginResult::allow()
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::message::{ContentPart, Message, Role};
    use plugin_sdk::hooks::{self, MessagePayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    fn payload(text: &str) -> MessagePayload {
        MessagePayload::new(Message::new(Role::User).with_part(ContentPart::text(text)))
    }
{% for hook in messages %}
    #[tokio::test]
    async fn texts_of_{{hook}}() {
        on_every_transport(plugin, async |plugin| {
            let sent = payload("a secret");
            let result = plugin.call::<hooks::{{hook | upper_camel_case}}>(sent).await;
            result.assert_modified_to(payload("a ***"));

            let sent = payload("crab");
            let result = plugin.call::<hooks::{{hook | upper_camel_case}}>(sent).await;
            result.assert_allowed();
        })
        .await;
    }
{% endfor -%}
}
