use plugin_sdk::prelude::*;

trait Configured: Sized {
    async fn configure() -> Result<Self, PluginError>;
}

#[plugin(hooks = [tool_pre_invoke], configure)]
struct Words;

impl Configured for Words {
    async fn configure() -> Result<Self, PluginError> {
        Ok(Self)
    }
}

impl Words {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {}
