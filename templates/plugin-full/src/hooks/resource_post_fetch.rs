//! `resource_post_fetch`: after a resource was fetched.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn resource_post_fetch(
        &self,
        mut payload: ResourcePostFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<ResourcePostFetchPayload> {
        let found = self.words.replace_in(&mut payload.content);
        Ok(if found {
            PluginResult::modify_payload(payload)
        } else {
            PluginResult::allow()
        })
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{ResourcePostFetch, ResourcePostFetchPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};
    use serde_json::json;

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn contents() {
        on_every_transport(plugin, async |plugin| {
            let payload = ResourcePostFetchPayload::new("a", json!({"text": "a secret"}));
            let result = plugin.call::<ResourcePostFetch>(payload).await;
            assert_eq!(result.assert_modified().content["text"], "a ***");

            let payload = ResourcePostFetchPayload::new("a", json!({"text": "crab"}));
            let result = plugin.call::<ResourcePostFetch>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
