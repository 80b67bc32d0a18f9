//! `http_pre_request`: of every HTTP request, before it is authenticated. The result is the headers to set on it.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn http_pre_request(
        &self,
        payload: HttpPreRequestPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpPreRequestResultPayload> {
        if self.words.replaced_in(&payload.path).is_none() {
            return Ok(PluginResult::allow());
        }
        let mut headers = HttpPreRequestResultPayload::new();
        headers.insert("x-flagged".into(), "true".into());
        Ok(PluginResult::modify_payload(headers))
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{HttpPreRequest, HttpPreRequestPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn paths() {
        on_every_transport(plugin, async |plugin| {
            let payload = HttpPreRequestPayload::new("/secret", "GET");
            let result = plugin.call::<HttpPreRequest>(payload).await;
            assert_eq!(result.assert_modified()["x-flagged"], "true");

            let payload = HttpPreRequestPayload::new("/", "GET");
            let result = plugin.call::<HttpPreRequest>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
