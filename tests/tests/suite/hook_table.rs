//! The attribute's table of hooks against the SDK's: a name that only one of them knows is a mistake.

use plugin_sdk::hooks;
use plugin_sdk::prelude::*;

#[expect(
    dead_code,
    reason = "the attribute needs more of its table than the comparison"
)]
#[path = "../../../plugin-sdk-macros/src/hooks.rs"]
mod table;

/// A plugin with every hook, each in the attribute and as a method.
macro_rules! plugin_with {
    ($($hook:ident($payload:ident) -> $result:ident;)+) => {
        #[plugin(hooks = [$($hook),+])]
        #[derive(Default)]
        struct EveryHook;

        impl EveryHook {
            $(
                async fn $hook(&self, _payload: $payload, _context: &mut PluginContext) -> HookResult<$result> {
                    Ok(PluginResult::allow())
                }
            )+
        }
    };
}

plugin_with! {
    tool_pre_invoke(ToolPreInvokePayload) -> ToolPreInvokePayload;
    tool_post_invoke(ToolPostInvokePayload) -> ToolPostInvokePayload;
    prompt_pre_fetch(PromptPreFetchPayload) -> PromptPreFetchPayload;
    prompt_post_fetch(PromptPostFetchPayload) -> PromptPostFetchPayload;
    resource_pre_fetch(ResourcePreFetchPayload) -> ResourcePreFetchPayload;
    resource_post_fetch(ResourcePostFetchPayload) -> ResourcePostFetchPayload;
    agent_pre_invoke(AgentPreInvokePayload) -> AgentPreInvokePayload;
    agent_post_invoke(AgentPostInvokePayload) -> AgentPostInvokePayload;
    http_pre_request(HttpPreRequestPayload) -> HttpPreRequestResultPayload;
    http_post_request(HttpPostRequestPayload) -> HttpPostRequestResultPayload;
    http_auth_resolve_user(HttpAuthResolveUserPayload) -> HttpAuthResolveUserResultPayload;
    http_auth_check_permission(HttpAuthCheckPermissionPayload) -> HttpAuthCheckPermissionResultPayload;
    identity_resolve(IdentityResolvePayload) -> IdentityResolveResultPayload;
    token_delegate(TokenDelegatePayload) -> TokenDelegateResultPayload;
    evaluate(EvaluatePayload) -> EvaluatePayload;
    cmf_tool_pre_invoke(CmfToolPreInvokePayload) -> CmfToolPreInvokePayload;
    cmf_tool_post_invoke(CmfToolPostInvokePayload) -> CmfToolPostInvokePayload;
    cmf_llm_input(CmfLlmInputPayload) -> CmfLlmInputPayload;
    cmf_llm_output(CmfLlmOutputPayload) -> CmfLlmOutputPayload;
    cmf_resource_pre_fetch(CmfResourcePreFetchPayload) -> CmfResourcePreFetchPayload;
    cmf_resource_post_fetch(CmfResourcePostFetchPayload) -> CmfResourcePostFetchPayload;
    cmf_prompt_pre_fetch(CmfPromptPreFetchPayload) -> CmfPromptPreFetchPayload;
    cmf_prompt_post_fetch(CmfPromptPostFetchPayload) -> CmfPromptPostFetchPayload;
}

#[test]
fn the_attribute_knows_the_hooks_of_the_sdk() {
    let attribute: Vec<&str> = table::KNOWN_HOOKS.iter().map(|hook| hook.name).collect();
    let sdk: Vec<String> = hooks::NAMES.iter().map(|name| name.replace('.', "_")).collect();
    assert_eq!(attribute, sdk);
}

#[test]
fn each_word_of_the_attribute_is_the_hook_of_that_name() {
    let hooks: Vec<&str> = EveryHook::manifest().hooks.iter().map(|hook| hook.name).collect();
    assert_eq!(hooks, hooks::NAMES);
}
