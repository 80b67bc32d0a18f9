//! `tool_post_invoke`: after a tool ran.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn tool_post_invoke(
        &self,
        mut payload: ToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        let found = self.words.replace_in(&mut payload.result);
        Ok(if found {
            PluginResult::modify_payload(payload)
        } else {
            PluginResult::allow()
        })
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{ToolPostInvoke, ToolPostInvokePayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn results() {
        on_every_transport(plugin, async |plugin| {
            let payload = ToolPostInvokePayload::new("search", "a secret");
            let result = plugin.call::<ToolPostInvoke>(payload).await;
            assert_eq!(result.assert_modified().result, "a ***");

            let payload = ToolPostInvokePayload::new("search", "crab");
            let result = plugin.call::<ToolPostInvoke>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
