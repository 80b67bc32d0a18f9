//! The plugin that does nothing.

use plugin_sdk::prelude::*;

use super::allow_hooks;

/// Lets everything pass.
#[plugin(
    kind = "plugins.passthrough.PassThroughPlugin",
    hooks = [
        prompt_pre_fetch, prompt_post_fetch, tool_pre_invoke, tool_post_invoke, resource_pre_fetch,
        resource_post_fetch,
    ],
)]
#[derive(Default)]
pub struct PassThroughPlugin;

allow_hooks! {
    PassThroughPlugin {
        prompt_pre_fetch: PromptPreFetchPayload;
        prompt_post_fetch: PromptPostFetchPayload;
        tool_pre_invoke: ToolPreInvokePayload;
        tool_post_invoke: ToolPostInvokePayload;
        resource_pre_fetch: ResourcePreFetchPayload;
        resource_post_fetch: ResourcePostFetchPayload;
    }
}
