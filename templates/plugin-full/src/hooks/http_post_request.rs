//! `http_post_request`: of every HTTP request, when its answer is ready. The result is the headers to set on the answer.

use plugin_sdk::prelude::*;

use crate::{{type_name}};

impl {{type_name}} {
    pub(crate) async fn http_post_request(
        &self,
        payload: HttpPostRequestPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpPostRequestResultPayload> {
        if self.words.replaced_in(&payload.path).is_none() {
            return Ok(PluginResult::allow());
        }
        let mut headers = HttpPostRequestResultPayload::new();
        headers.insert("x-flagged".into(), "true".into());
        Ok(PluginResult::modify_payload(headers))
    }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::{HttpPostRequest, HttpPostRequestPayload};
    use plugin_sdk::testing::{AssertResult, on_every_transport};

    use crate::hooks::tests::plugin;

    #[tokio::test]
    async fn paths() {
        on_every_transport(plugin, async |plugin| {
            let payload = HttpPostRequestPayload::new("/secret", "GET");
            let result = plugin.call::<HttpPostRequest>(payload).await;
            assert_eq!(result.assert_modified()["x-flagged"], "true");

            let payload = HttpPostRequestPayload::new("/", "GET");
            let result = plugin.call::<HttpPostRequest>(payload).await;
            result.assert_allowed();
        })
        .await;
    }
}
