//! `identity_resolve`: when a host finds out who makes a request.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn identity_resolve(
        &self,
        payload: IdentityResolvePayload,
        _context: &mut PluginContext,
    ) -> HookResult<IdentityResolveResultPayload> {
        let program = payload.headers.get("user-agent");
        if program.is_some_and(|program| self.words.replaced_in(program).is_some()) {
            let result = IdentityResolveResultPayload::new();
            let result = result.with_rejection(403, "forbidden program");
            return Ok(PluginResult::modify_payload(result));
        }
        // No subject either: another plugin finds out.
        Ok(PluginResult::allow())
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{IdentityResolve, IdentityResolvePayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn programs() {
        on_every_transport(plugin, async |plugin| {
            let payload = IdentityResolvePayload::new("t0ken").with_header("user-agent", "secret");
            let result = plugin.call::<IdentityResolve>(payload).await;
            assert!(result.assert_modified().rejected);

            let payload = IdentityResolvePayload::new("t0ken");
            let result = plugin.call::<IdentityResolve>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
