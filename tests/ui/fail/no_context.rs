use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Words;

impl Words {
    async fn tool_pre_invoke(&self, _payload: ToolPreInvokePayload) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {}
