//! `agent_pre_invoke`: before an agent is called.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn agent_pre_invoke(
        &self,
        mut payload: AgentPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<AgentPreInvokePayload> {
        let mut found = false;
        for message in &mut payload.messages {
            found |= self.words.replace_in(message);
        }
        Ok(if found {
            PluginResult::modify_payload(payload)
        } else {
            PluginResult::allow()
        })
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{AgentPreInvoke, AgentPreInvokePayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};
    use serde_json::json;

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn messages() {
        on_every_transport(plugin, async |plugin| {
            let payload = AgentPreInvokePayload::new("a", [json!({"content": "a secret"})]);
            let result = plugin.call::<AgentPreInvoke>(payload).await;
            assert_eq!(result.assert_modified().messages[0]["content"], "a ***");

            let payload = AgentPreInvokePayload::new("a", [json!({"content": "crab"})]);
            let result = plugin.call::<AgentPreInvoke>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
