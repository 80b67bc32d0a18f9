use plugin_sdk::prelude::*;

#[plugin(
    hooks = [tool_pre_invok, tool_post_invoke, tool_post_invoke, prompt_pre_fetch, resource_pre_fetch, agent_pre_invoke],
    mode = seqential,
    capabilities = [read_subjct],
    prority = 10,
    on_error = fail,
    on_error = ignore,
    blocking = [evaluate],
    on_shutdown = close,
)]
struct Words;

impl Words {
    async fn tool_post_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        Ok(PluginResult::allow())
    }

    fn prompt_pre_fetch(
        &self,
        _payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        Ok(PluginResult::allow())
    }

    async fn resource_pre_fetch(
        &mut self,
        _payload: ResourcePreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<ResourcePreFetchPayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {}
