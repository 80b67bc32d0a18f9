use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], config = String)]
struct Words;

impl Words {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn configure(_config: Vec<String>) -> Result<Self, PluginError> {
        Ok(Self)
    }
}

fn main() {}
