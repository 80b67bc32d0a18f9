use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], config = Vec<String>)]
struct Words;

impl Words {
    async fn configure() -> Result<Self, PluginError> {
        Ok(Self)
    }

    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {}
