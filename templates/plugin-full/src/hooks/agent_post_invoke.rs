//! `agent_post_invoke`: after an agent answered. Gateways keep its answer whatever a plugin makes of it: this hook observes.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn agent_post_invoke(
        &self,
        payload: AgentPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<AgentPostInvokePayload> {
        let mut count = 0;
        for message in &payload.messages {
            let text = message["content"].as_str().unwrap_or_default();
            if self.words.replaced_in(text).is_some() {
                count += 1;
            }
        }
        Ok(PluginResult::allow().with_metadata("flagged_messages", count))
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{AgentPostInvoke, AgentPostInvokePayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};
    use serde_json::json;

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn messages_are_counted() {
        on_every_transport(plugin, async |plugin| {
            let messages = [json!({"content": "a secret"}), json!({"content": "crab"})];
            let payload = AgentPostInvokePayload::new("translator", messages);
            let result = plugin.call::<AgentPostInvoke>(payload).await;
            assert_eq!(result.assert_allowed().metadata["flagged_messages"], 1);
        })
        .await;
    }
}
