use std::error::Error;

use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Words;

fn boxed() -> Result<(), Box<dyn Error>> {
    Ok(())
}

struct NoError;

fn plain() -> Result<(), NoError> {
    Ok(())
}

impl Words {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        boxed()?;
        plain()?;
        Err(NoError.into())
    }
}

fn main() {}
