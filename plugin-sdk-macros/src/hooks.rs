//! The built-in hooks by the name an author writes.

/// A hook which the SDK knows.
#[derive(Debug)]
pub(crate) struct KnownHook {
    /// As written in `hooks = [...]`; also the name of the author's method.
    pub(crate) name: &'static str,
    /// Its marker type in `plugin_sdk::hooks`.
    pub(crate) marker: &'static str,
}

impl KnownHook {
    /// The hook of this name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        KNOWN_HOOKS.iter().find(|hook| hook.name == name)
    }
}

/// A line of the table.
const fn hook(name: &'static str, marker: &'static str) -> KnownHook {
    KnownHook { name, marker }
}

/// Every hook of `plugin_sdk::hooks`, in its order; a test holds the two against each other.
pub(crate) const KNOWN_HOOKS: &[KnownHook] = &[
    hook("tool_pre_invoke", "ToolPreInvoke"),
    hook("tool_post_invoke", "ToolPostInvoke"),
    hook("prompt_pre_fetch", "PromptPreFetch"),
    hook("prompt_post_fetch", "PromptPostFetch"),
    hook("resource_pre_fetch", "ResourcePreFetch"),
    hook("resource_post_fetch", "ResourcePostFetch"),
    hook("agent_pre_invoke", "AgentPreInvoke"),
    hook("agent_post_invoke", "AgentPostInvoke"),
    hook("http_pre_request", "HttpPreRequest"),
    hook("http_post_request", "HttpPostRequest"),
    hook("http_auth_resolve_user", "HttpAuthResolveUser"),
    hook("http_auth_check_permission", "HttpAuthCheckPermission"),
    hook("identity_resolve", "IdentityResolve"),
    hook("token_delegate", "TokenDelegate"),
    hook("evaluate", "Evaluate"),
    hook("cmf_tool_pre_invoke", "CmfToolPreInvoke"),
    hook("cmf_tool_post_invoke", "CmfToolPostInvoke"),
    hook("cmf_llm_input", "CmfLlmInput"),
    hook("cmf_llm_output", "CmfLlmOutput"),
    hook("cmf_resource_pre_fetch", "CmfResourcePreFetch"),
    hook("cmf_resource_post_fetch", "CmfResourcePostFetch"),
    hook("cmf_prompt_pre_fetch", "CmfPromptPreFetch"),
    hook("cmf_prompt_post_fetch", "CmfPromptPostFetch"),
];
