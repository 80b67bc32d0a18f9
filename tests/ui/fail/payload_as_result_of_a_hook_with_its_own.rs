use plugin_sdk::prelude::*;

#[plugin(hooks = [http_pre_request])]
#[derive(Default)]
struct Words;

impl Words {
    async fn http_pre_request(
        &self,
        _payload: HttpPreRequestPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpPreRequestPayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {}
