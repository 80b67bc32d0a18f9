//! The hooks that return their payload with one change.

use plugin_sdk::extensions::{SubjectExtension, SubjectType};
use plugin_sdk::prelude::*;

use super::Vectors;
use super::python::type_name;

/// Hooks that return the payload with this change.
macro_rules! payload_hooks {
    ($($method:ident($payload:ident) $change:expr;)+) => {
        impl Vectors {
            $(
                pub(super) async fn $method(
                    &self,
                    payload: $payload,
                    _context: &mut PluginContext,
                ) -> HookResult<$payload> {
                    let change: fn($payload) -> $payload = $change;
                    Ok(PluginResult::modify_payload(change(payload)))
                }
            )+
        }
    };
}

payload_hooks! {
    prompt_pre_fetch(PromptPreFetchPayload) |payload| payload.with_arg("x", "y");
    prompt_post_fetch(PromptPostFetchPayload) |payload| payload;
    resource_pre_fetch(ResourcePreFetchPayload) |payload| payload.with_metadata([("m", 1)]);
    resource_post_fetch(ResourcePostFetchPayload) |payload| payload;
    agent_pre_invoke(AgentPreInvokePayload) |payload| payload.with_model("m2");
    agent_post_invoke(AgentPostInvokePayload) |payload| payload;
    evaluate(EvaluatePayload) |payload| payload;
    cmf_tool_pre_invoke(CmfToolPreInvokePayload) |payload| payload;
    cmf_tool_post_invoke(CmfToolPostInvokePayload) |payload| payload;
    cmf_llm_input(CmfLlmInputPayload) |payload| payload;
    cmf_llm_output(CmfLlmOutputPayload) |payload| payload;
    cmf_resource_pre_fetch(CmfResourcePreFetchPayload) |payload| payload;
    cmf_resource_post_fetch(CmfResourcePostFetchPayload) |payload| payload;
    cmf_prompt_pre_fetch(CmfPromptPreFetchPayload) |payload| payload;
    cmf_prompt_post_fetch(CmfPromptPostFetchPayload) |payload| payload;
}

impl Vectors {
    pub(super) async fn tool_post_invoke(
        &self,
        mut payload: ToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        if payload.result.get("mod").is_some() {
            let block = Map::from([("type", "text"), ("text", "changed")]);
            payload.result = Map::from([("content", [block])]).into();
            return Ok(PluginResult::modify_payload(payload));
        }
        if payload.result.get("retry").is_some() {
            return Ok(PluginResult::allow().with_retry_delay_ms(200));
        }
        Ok(PluginResult::allow().with_metadata("t", type_name(&payload.result)))
    }

    pub(super) async fn http_pre_request(
        &self,
        payload: HttpPreRequestPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpPreRequestResultPayload> {
        Ok(PluginResult::modify_payload(
            payload.with_header("X-Added", "1").headers,
        ))
    }

    pub(super) async fn http_post_request(
        &self,
        payload: HttpPostRequestPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpPostRequestResultPayload> {
        let status = payload.status_code.unwrap_or_default().to_string();
        Ok(PluginResult::modify_payload(
            [("X-Resp", status)].into_iter().collect(),
        ))
    }

    pub(super) async fn http_auth_resolve_user(
        &self,
        _payload: HttpAuthResolveUserPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpAuthResolveUserResultPayload> {
        let user = [
            ("email", "a@b.c".into()),
            ("is_admin", false.into()),
            ("n", Value::Null),
        ];
        Ok(PluginResult::modify_payload(Map::from(user)).with_metadata("auth_method", "custom"))
    }

    pub(super) async fn http_auth_check_permission(
        &self,
        _payload: HttpAuthCheckPermissionPayload,
        _context: &mut PluginContext,
    ) -> HookResult<HttpAuthCheckPermissionResultPayload> {
        let granted = HttpAuthCheckPermissionResultPayload::new(true);
        Ok(PluginResult::modify_payload(granted.with_reason("ok")))
    }

    pub(super) async fn identity_resolve(
        &self,
        payload: IdentityResolvePayload,
        _context: &mut PluginContext,
    ) -> HookResult<IdentityResolveResultPayload> {
        let alice = SubjectExtension::new("alice", SubjectType::User).with_roles(["admin"]);
        Ok(PluginResult::modify_payload(
            IdentityResolveResultPayload::new()
                .with_subject(alice)
                .with_raw_claim("tok", payload.raw_token),
        ))
    }

    pub(super) async fn token_delegate(
        &self,
        _payload: TokenDelegatePayload,
        _context: &mut PluginContext,
    ) -> HookResult<TokenDelegateResultPayload> {
        Ok(PluginResult::modify_payload(
            TokenDelegateResultPayload::new()
                .with_delegated_token("tkn")
                .with_forwarded_header("Authorization", "Bearer tkn")
                .with_cache_ttl(60_u64),
        ))
    }
}
