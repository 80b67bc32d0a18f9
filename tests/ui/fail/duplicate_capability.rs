use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], capabilities = [read_subject, "read_subject"])]
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
