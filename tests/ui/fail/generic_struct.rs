use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke])]
struct Words<R> {
    rules: Vec<R>,
}

impl<R: Send + Sync> Words<R> {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let _ = self.rules.len();
        Ok(PluginResult::allow())
    }
}

fn main() {}
