//! A plugin whose only purpose is to exercise every part of the hook contract: it rewrites, refuses, fails, waits,
//! writes state and reports what it received, all on request of the payload.
//!
//! The steps that every hook shares are in `engine`, what a payload can ask for in `directives`, where each payload
//! has its text in `payloads`, and the results that are not a payload in `results`.

mod config;
mod directives;
mod engine;
mod payloads;
mod results;
mod text;

use plugin_sdk::hooks::{self, Hook, MessagePayload};
use plugin_sdk::prelude::*;

use self::config::ProbeConfig;
use self::payloads::{MessageText, ProbePayload};
use self::text::{Text, Words};

/// Exercises every part of the hook contract.
#[plugin(
    kind = "probe",
    config = ProbeConfig,
    hooks = [
        tool_pre_invoke, tool_post_invoke, prompt_pre_fetch, prompt_post_fetch, resource_pre_fetch,
        resource_post_fetch, agent_pre_invoke, agent_post_invoke, http_pre_request, http_post_request,
        http_auth_resolve_user, http_auth_check_permission, identity_resolve, token_delegate, evaluate,
        cmf_tool_pre_invoke, cmf_tool_post_invoke, cmf_llm_input, cmf_llm_output, cmf_resource_pre_fetch,
        cmf_resource_post_fetch, cmf_prompt_pre_fetch, cmf_prompt_post_fetch,
    ],
)]
pub struct ProbePlugin {
    words: Words,
    deny_word: String,
    fail_word: String,
}

/// Hooks whose result is their payload with words replaced.
macro_rules! payload_hooks {
    ($($method:ident: $hook:ident($payload:ident);)+) => {
        impl ProbePlugin {
            $(
                async fn $method(
                    &self,
                    payload: $payload,
                    context: &mut PluginContext,
                ) -> HookResult<$payload> {
                    self.replace_words::<hooks::$hook>(payload, context).await
                }
            )+
        }
    };
}

payload_hooks! {
    tool_pre_invoke: ToolPreInvoke(ToolPreInvokePayload);
    tool_post_invoke: ToolPostInvoke(ToolPostInvokePayload);
    prompt_pre_fetch: PromptPreFetch(PromptPreFetchPayload);
    prompt_post_fetch: PromptPostFetch(PromptPostFetchPayload);
    resource_pre_fetch: ResourcePreFetch(ResourcePreFetchPayload);
    resource_post_fetch: ResourcePostFetch(ResourcePostFetchPayload);
    agent_pre_invoke: AgentPreInvoke(AgentPreInvokePayload);
    agent_post_invoke: AgentPostInvoke(AgentPostInvokePayload);
}

/// Hooks whose payload is a message.
macro_rules! message_hooks {
    ($($method:ident: $hook:ident;)+) => {
        impl ProbePlugin {
            $(
                async fn $method(
                    &self,
                    payload: MessagePayload,
                    context: &mut PluginContext,
                ) -> HookResult<MessagePayload> {
                    self.replace_words_of_message::<hooks::$hook>(payload, context).await
                }
            )+
        }
    };
}

message_hooks! {
    evaluate: Evaluate;
    cmf_tool_pre_invoke: CmfToolPreInvoke;
    cmf_tool_post_invoke: CmfToolPostInvoke;
    cmf_llm_input: CmfLlmInput;
    cmf_llm_output: CmfLlmOutput;
    cmf_resource_pre_fetch: CmfResourcePreFetch;
    cmf_resource_post_fetch: CmfResourcePostFetch;
    cmf_prompt_pre_fetch: CmfPromptPreFetch;
    cmf_prompt_post_fetch: CmfPromptPostFetch;
}

impl ProbePlugin {
    async fn configure(config: ProbeConfig) -> Result<Self, PluginError> {
        Ok(Self {
            words: Words::new(config.words),
            deny_word: config.deny_word,
            fail_word: config.fail_word,
        })
    }

    async fn replace_words<H>(
        &self,
        mut payload: H::Payload,
        context: &mut PluginContext,
    ) -> HookResult<H::Payload>
    where
        H: Hook<Result = <H as Hook>::Payload>,
        H::Payload: ProbePayload,
    {
        let mut result = self.examine::<H, _>(&payload, context).await?;
        if result.continue_processing && payload.replace(&self.words) {
            result.modified_payload = Some(payload);
        }
        Ok(result)
    }

    async fn replace_words_of_message<H>(
        &self,
        payload: MessagePayload,
        context: &mut PluginContext,
    ) -> HookResult<MessagePayload>
    where
        H: Hook<Payload = MessagePayload, Result = MessagePayload>,
    {
        let mut text = MessageText::of(&payload)?;
        let mut result = self.examine::<H, _>(&text, context).await?;
        if result.continue_processing && text.replace(&self.words) {
            result.modified_payload = Some(text.put_into(payload)?);
        }
        Ok(result)
    }

    async fn http_pre_request(
        &self,
        mut payload: HttpPreRequestPayload,
        context: &mut PluginContext,
    ) -> HookResult<HttpPreRequestResultPayload> {
        let mut result = self
            .examine::<hooks::HttpPreRequest, _>(&payload, context)
            .await?;
        if result.continue_processing {
            payload.headers.replace(&self.words);
            payload
                .headers
                .insert("x-probe".into(), context.plugin_name().into());
            result.modified_payload = Some(payload.headers);
        }
        Ok(result)
    }

    async fn http_post_request(
        &self,
        payload: HttpPostRequestPayload,
        context: &mut PluginContext,
    ) -> HookResult<HttpPostRequestResultPayload> {
        let mut result = self
            .examine::<hooks::HttpPostRequest, _>(&payload, context)
            .await?;
        if result.continue_processing {
            let status = payload
                .status_code
                .map_or_else(|| "none".into(), |status| status.to_string());
            let mut headers = payload.response_headers.unwrap_or_default();
            headers.replace(&self.words);
            headers.insert("x-probe-status".into(), status);
            result.modified_payload = Some(headers);
        }
        Ok(result)
    }

    async fn http_auth_resolve_user(
        &self,
        payload: HttpAuthResolveUserPayload,
        context: &mut PluginContext,
    ) -> HookResult<HttpAuthResolveUserResultPayload> {
        let mut result = self
            .examine::<hooks::HttpAuthResolveUser, _>(&payload, context)
            .await?;
        if result.continue_processing {
            result.modified_payload = results::user(&payload);
            if result.modified_payload.is_some() {
                result.metadata.insert("auth_method".into(), "probe".into());
            }
        }
        Ok(result)
    }

    async fn http_auth_check_permission(
        &self,
        payload: HttpAuthCheckPermissionPayload,
        context: &mut PluginContext,
    ) -> HookResult<HttpAuthCheckPermissionResultPayload> {
        let mut result = self
            .examine::<hooks::HttpAuthCheckPermission, _>(&payload, context)
            .await?;
        if result.continue_processing {
            result.modified_payload = results::permission(&payload);
        }
        Ok(result)
    }

    async fn identity_resolve(
        &self,
        payload: IdentityResolvePayload,
        context: &mut PluginContext,
    ) -> HookResult<IdentityResolveResultPayload> {
        let mut result = self
            .examine::<hooks::IdentityResolve, _>(&payload, context)
            .await?;
        if result.continue_processing {
            result.modified_payload = results::identity(payload);
        }
        Ok(result)
    }

    async fn token_delegate(
        &self,
        payload: TokenDelegatePayload,
        context: &mut PluginContext,
    ) -> HookResult<TokenDelegateResultPayload> {
        let mut result = self.examine::<hooks::TokenDelegate, _>(&payload, context).await?;
        if result.continue_processing {
            result.modified_payload = results::token(payload);
        }
        Ok(result)
    }
}
