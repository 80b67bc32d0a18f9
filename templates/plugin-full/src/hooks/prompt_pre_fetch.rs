//! `prompt_pre_fetch`: before a prompt is rendered.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn prompt_pre_fetch(
        &self,
        mut payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        let mut found = false;
        for text in payload.args.values_mut() {
            if let Some(replaced) = self.words.replaced_in(text) {
                *text = replaced;
                found = true;
            }
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
    use plugin_sdk::hooks::{PromptPreFetch, PromptPreFetchPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn arguments() {
        on_every_transport(plugin, async |plugin| {
            let payload = PromptPreFetchPayload::new("greeting").with_arg("user", "a secret");
            let result = plugin.call::<PromptPreFetch>(payload).await;
            assert_eq!(result.assert_modified().args["user"], "a ***");

            let payload = PromptPreFetchPayload::new("greeting").with_arg("user", "Bob");
            let result = plugin.call::<PromptPreFetch>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
