use plugin_sdk::prelude::*;

#[plugin(
    #[allow(unused)]
    hooks = [
        /// Before tools run.
        tool_pre_invoke,
    ],
)]
#[derive(Default)]
struct Words;

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
