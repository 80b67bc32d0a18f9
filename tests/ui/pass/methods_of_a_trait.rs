//! A hook's method may come from a trait of the author's, and so may that of `on_shutdown`.

use plugin_sdk::prelude::*;

trait Hooks {
    fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> impl Future<Output = HookResult<ToolPreInvokePayload>> + Send;

    fn close(&self) -> impl Future<Output = ()> + Send;
}

#[plugin(hooks = [tool_pre_invoke], on_shutdown = close)]
#[derive(Default)]
struct Words;

impl Hooks for Words {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn close(&self) {}
}

/// For whatever has a name.
trait Named {
    fn name(&self) -> &str;
}

trait Logged: Named + Sync {
    fn prompt_pre_fetch(
        &self,
        _payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> impl Future<Output = HookResult<PromptPreFetchPayload>> + Send {
        async { Ok(PluginResult::allow().with_metadata("name", self.name().to_owned())) }
    }
}

impl<T: Named + Sync> Logged for T {}

#[plugin(hooks = [prompt_pre_fetch])]
#[derive(Default)]
struct Other;

impl Named for Other {
    fn name(&self) -> &str {
        "other"
    }
}

fn main() {}
