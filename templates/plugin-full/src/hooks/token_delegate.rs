//! `token_delegate`: when a host needs a token for a call.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn token_delegate(
        &self,
        payload: TokenDelegatePayload,
        _context: &mut PluginContext,
    ) -> HookResult<TokenDelegateResultPayload> {
        if self.words.replaced_in(&payload.target_name).is_some() {
            let violation = PluginViolation::new("forbidden target", "FORBIDDEN_TARGET")
                .with_detail("target", payload.target_name);
            return Ok(PluginResult::deny(violation));
        }
        // No token either: another plugin has one.
        Ok(PluginResult::allow())
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{TokenDelegate, TokenDelegatePayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn targets() {
        on_every_transport(plugin, async |plugin| {
            let payload = TokenDelegatePayload::new("secret-store");
            let result = plugin.call::<TokenDelegate>(payload).await;
            result.assert_denied("FORBIDDEN_TARGET");

            let payload = TokenDelegatePayload::new("search");
            let result = plugin.call::<TokenDelegate>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
