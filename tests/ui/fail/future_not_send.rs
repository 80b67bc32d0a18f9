use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Words;

impl Words {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let counter = std::rc::Rc::new(0);
        std::future::ready(()).await;
        drop(counter);
        Ok(PluginResult::allow())
    }
}

fn main() {}
