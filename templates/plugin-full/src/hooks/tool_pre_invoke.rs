//! `tool_pre_invoke`: before a tool runs.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let mut found = false;
        for value in payload.args.values_mut() {
            found |= self.words.replace_in(value);
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
    use plugin_sdk::hooks::{ToolPreInvoke, ToolPreInvokePayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn arguments() {
        on_every_transport(plugin, async |plugin| {
            let payload = ToolPreInvokePayload::new("search").with_arg("query", "a secret");
            let result = plugin.call::<ToolPreInvoke>(payload).await;
            assert_eq!(result.assert_modified().args["query"], "a ***");

            let payload = ToolPreInvokePayload::new("search").with_arg("query", "crab");
            let result = plugin.call::<ToolPreInvoke>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
