//! The plugin that fails.

use plugin_sdk::prelude::*;

use super::allow_hooks;

/// Fails on prompts and tools.
#[plugin(
    kind = "plugins.error.ErrorPlugin",
    hooks = [
        prompt_pre_fetch, prompt_post_fetch, tool_pre_invoke, tool_post_invoke, resource_pre_fetch,
        resource_post_fetch,
    ],
)]
#[derive(Default)]
pub struct ErrorPlugin;

/// Hooks that fail with the text that a Python host reports for its own plugin.
macro_rules! failing_hooks {
    ($($method:ident: $payload:ident, $text:literal;)+) => {
        impl ErrorPlugin {
            $(
                async fn $method(
                    &self,
                    _payload: $payload,
                    _context: &mut PluginContext,
                ) -> HookResult<$payload> {
                    Err(PluginError::new(concat!("ValueError('Sadly! ", $text, " is broken!')")))
                }
            )+
        }
    };
}

failing_hooks! {
    prompt_pre_fetch: PromptPreFetchPayload, "Prompt prefetch";
    prompt_post_fetch: PromptPostFetchPayload, "Prompt postfetch";
    tool_pre_invoke: ToolPreInvokePayload, "Tool prefetch";
    tool_post_invoke: ToolPostInvokePayload, "Tool postfetch";
}

allow_hooks! {
    ErrorPlugin {
        resource_pre_fetch: ResourcePreFetchPayload;
        resource_post_fetch: ResourcePostFetchPayload;
    }
}
