//! What almost every plugin needs: `use plugin_sdk::prelude::*;`.

pub use crate::{
    HookResult, Map, Plugin, PluginContext, PluginError, PluginResult, PluginViolation, Value,
    hooks::{
        AgentPostInvokePayload, AgentPreInvokePayload, CmfLlmInputPayload, CmfLlmOutputPayload,
        CmfPromptPostFetchPayload, CmfPromptPreFetchPayload, CmfResourcePostFetchPayload,
        CmfResourcePreFetchPayload, CmfToolPostInvokePayload, CmfToolPreInvokePayload, EvaluatePayload,
        HttpAuthCheckPermissionPayload, HttpAuthCheckPermissionResultPayload, HttpAuthResolveUserPayload,
        HttpAuthResolveUserResultPayload, HttpPostRequestPayload, HttpPostRequestResultPayload,
        HttpPreRequestPayload, HttpPreRequestResultPayload, IdentityResolvePayload,
        IdentityResolveResultPayload, PromptPostFetchPayload, PromptPreFetchPayload,
        ResourcePostFetchPayload, ResourcePreFetchPayload, TokenDelegatePayload, TokenDelegateResultPayload,
        ToolPostInvokePayload, ToolPreInvokePayload,
    },
    plugin,
};
