//! `http_auth_check_permission`: before the gateway checks whether a user has a permission.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn http_auth_check_permission(
        &self,
        payload: HttpAuthCheckPermissionPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpAuthCheckPermissionResultPayload> {
        let has_word = self.words.replaced_in(&payload.permission).is_some();
        if has_word && !payload.is_admin {
            let decision = HttpAuthCheckPermissionResultPayload::new(false);
            return Ok(PluginResult::modify_payload(decision));
        }
        // No decision: the gateway checks the permission by itself.
        Ok(PluginResult::allow())
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{HttpAuthCheckPermission, HttpAuthCheckPermissionPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn permissions_of_that_name_are_for_administrators() {
        on_every_transport(plugin, async |plugin| {
            let payload = HttpAuthCheckPermissionPayload::new("a@example.com", "secrets.read");
            let admin = payload.clone().with_is_admin(true);
            let result = plugin.call::<HttpAuthCheckPermission>(payload).await;
            assert!(!result.assert_modified().granted);

            let result = plugin.call::<HttpAuthCheckPermission>(admin).await;
            result.assert_allowed();
        })
        .await;
    }
}
