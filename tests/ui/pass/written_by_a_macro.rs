//! The tokens of the attribute may come from a macro of the author's.

use plugin_sdk::prelude::*;

macro_rules! plugins {
    ($($plugin:ident, $hook:ident, $payload:ty, $mode:ident;)+) => {
        $(
            #[plugin(hooks = [$hook], mode = $mode, config = Vec<$payload>)]
            struct $plugin;

            impl $plugin {
                async fn configure(_config: Vec<$payload>) -> Result<Self, PluginError> {
                    Ok(Self)
                }

                async fn $hook(&self, _payload: $payload, _context: &mut PluginContext) -> HookResult<$payload> {
                    Ok(PluginResult::allow())
                }
            }
        )+
    };
}

plugins! {
    Tools, tool_pre_invoke, ToolPreInvokePayload, audit;
    Prompts, prompt_pre_fetch, PromptPreFetchPayload, sequential;
}

fn main() {}
