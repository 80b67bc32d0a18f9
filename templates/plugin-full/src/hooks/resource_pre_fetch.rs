//! `resource_pre_fetch`: before a resource is fetched.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn resource_pre_fetch(
        &self,
        payload: ResourcePreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<ResourcePreFetchPayload> {
        if self.words.replaced_in(&payload.uri).is_some() {
            let violation = PluginViolation::new("forbidden resource", "FORBIDDEN_RESOURCE")
                .with_detail("uri", payload.uri);
            return Ok(PluginResult::deny(violation));
        }
        Ok(PluginResult::allow())
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{ResourcePreFetch, ResourcePreFetchPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn addresses() {
        on_every_transport(plugin, async |plugin| {
            let payload = ResourcePreFetchPayload::new("file:///secret.txt");
            let result = plugin.call::<ResourcePreFetch>(payload).await;
            result.assert_denied("FORBIDDEN_RESOURCE");

            let payload = ResourcePreFetchPayload::new("file:///notes.txt");
            let result = plugin.call::<ResourcePreFetch>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
