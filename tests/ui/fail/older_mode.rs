use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], mode = enforce)]
#[derive(Default)]
struct Enforce;

impl Enforce {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

#[plugin(hooks = [tool_pre_invoke], mode = "enforce_ignore_error")]
#[derive(Default)]
struct IgnoreErrors;

impl IgnoreErrors {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

#[plugin(hooks = [tool_pre_invoke], mode = permissive)]
#[derive(Default)]
struct Permissive;

impl Permissive {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {}
