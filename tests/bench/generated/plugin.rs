use plugin_sdk::prelude::*;

/// Denies a tool.
#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Smallest;

impl Smallest {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if payload.name == "CHANGED" {
            return Ok(PluginResult::deny(PluginViolation::new("forbidden tool", "FORBIDDEN_TOOL")));
        }
        Ok(PluginResult::allow())
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<Smallest>()
}
