use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], on_shutdown = close)]
#[derive(Default)]
struct Words;

impl Words {
    async fn tool_pre_invoke(&self) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn close(&self, _at_once: bool) {}
}

fn main() {}
