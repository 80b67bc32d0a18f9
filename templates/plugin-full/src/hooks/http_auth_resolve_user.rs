//! `http_auth_resolve_user`: when the gateway authenticates a request.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn http_auth_resolve_user(
        &self,
        payload: HttpAuthResolveUserPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpAuthResolveUserResultPayload> {
        let program = payload.headers.get("user-agent");
        if program.is_some_and(|program| self.words.replaced_in(program).is_some()) {
            let violation = PluginViolation::new("forbidden program", "FORBIDDEN_PROGRAM");
            return Ok(PluginResult::deny(violation));
        }
        // No user either: the gateway finds out by itself.
        Ok(PluginResult::allow())
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::Map;
    use plugin_sdk::hooks::{HttpAuthResolveUser, HttpAuthResolveUserPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn programs() {
        on_every_transport(plugin, async |plugin| {
            let mut headers = Map::new();
            headers.insert("user-agent".into(), "secret-agent".into());
            let payload = HttpAuthResolveUserPayload::new(headers);
            let result = plugin.call::<HttpAuthResolveUser>(payload).await;
            result.assert_denied("FORBIDDEN_PROGRAM");

            let payload = HttpAuthResolveUserPayload::new(Map::new());
            let result = plugin.call::<HttpAuthResolveUser>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
