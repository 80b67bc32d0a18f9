use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], configure, on_shutdown = close)]
struct Words {
    words: Vec<String>,
}

impl Words {
    async fn configure() -> Result<Self, PluginError> {
        let number: u8 = "7".parse()?;
        Ok(Self {
            words: vec![String::new(); number.into()],
        })
    }

    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if self.words.contains(&payload.name) {
            return Err(PluginError::new("no such word"));
        }
        Ok(PluginResult::allow())
    }

    async fn close(&self) {}
}

fn main() {}
