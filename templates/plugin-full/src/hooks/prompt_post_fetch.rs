//! `prompt_post_fetch`: after a prompt was rendered.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn prompt_post_fetch(
        &self,
        mut payload: PromptPostFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPostFetchPayload> {
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
    use plugin_sdk::hooks::{PromptPostFetch, PromptPostFetchPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};
    use serde_json::json;

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn rendered_prompts() {
        on_every_transport(plugin, async |plugin| {
            let payload = PromptPostFetchPayload::new("a", json!({"description": "a secret"}));
            let result = plugin.call::<PromptPostFetch>(payload).await;
            assert_eq!(result.assert_modified().result["description"], "a ***");

            let payload = PromptPostFetchPayload::new("a", json!({"description": "crab"}));
            let result = plugin.call::<PromptPostFetch>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
