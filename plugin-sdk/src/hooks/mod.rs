//! The hooks: the points at which a host calls plugins, and what it hands them.
//!
//! A hook is a marker type that ties together a name on the wire, a payload and a result. The hooks of the gateway
//! are in the table below; in `#[plugin(hooks = [...])]` they are written in snake case (`tool_pre_invoke`), which is
//! also the name of the plugin's method. A hook of your own host is a type that implements [`Hook`], written with its
//! path.
//!
//! What is common to all payloads: they are made with `new` from the fields that must be there, and filled in with
//! `with_*` methods or through their public fields. A field that this version does not know stays in `extra` and goes
//! back with the payload. A returned payload replaces the host's, so return the one you got with your changes; the
//! gateway then takes over the fields that the payload's documentation calls taken back, and drops changes to others
//! with a warning.

mod agent;
mod delegation;
mod http;
mod identity;
pub mod message;
mod prompt;
mod resource;
mod secret;
mod tool;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::agent::{AgentPostInvokePayload, AgentPreInvokePayload};
pub use self::delegation::{AttenuationConfig, TokenDelegatePayload, TokenDelegateResultPayload};
pub use self::http::{
    HttpAuthCheckPermissionPayload, HttpAuthCheckPermissionResultPayload, HttpAuthResolveUserPayload,
    HttpAuthResolveUserResultPayload, HttpPostRequestPayload, HttpPostRequestResultPayload,
    HttpPreRequestPayload, HttpPreRequestResultPayload,
};
pub use self::identity::{IdentityResolvePayload, IdentityResolveResultPayload};
pub use self::message::{
    CmfLlmInputPayload, CmfLlmOutputPayload, CmfPromptPostFetchPayload, CmfPromptPreFetchPayload,
    CmfResourcePostFetchPayload, CmfResourcePreFetchPayload, CmfToolPostInvokePayload,
    CmfToolPreInvokePayload, EvaluatePayload, MessagePayload,
};
pub use self::prompt::{PromptPostFetchPayload, PromptPreFetchPayload};
pub use self::resource::{ResourcePostFetchPayload, ResourcePreFetchPayload};
pub use self::tool::{ToolPostInvokePayload, ToolPreInvokePayload};
use crate::codec::CodecError;
use crate::result::{PluginResult, Sink};
use crate::value::Document;

/// A point at which a host calls plugins.
///
/// The hooks of the gateway are types in this module. Implement the trait to serve a hook that your own host
/// registered under a name and with models of its own:
///
/// ```
/// use plugin_sdk::hooks::Hook;
/// use serde::{Deserialize, Serialize};
///
/// /// Called before an invoice is sent.
/// pub struct InvoicePreSend;
///
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// pub struct InvoicePreSendPayload {
///     pub number: String,
///     pub total_cents: u64,
/// }
///
/// impl Hook for InvoicePreSend {
///     const NAME: &'static str = "invoice_pre_send";
///     type Payload = InvoicePreSendPayload;
///     type Result = InvoicePreSendPayload;
/// }
/// ```
///
/// A plugin names it by its path, `#[plugin(hooks = [InvoicePreSend])]`, and handles it in the method
/// `invoice_pre_send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hook",
    label = "this type does not implement `Hook`",
    note = "write a hook of the gateway in snake case, such as `tool_pre_invoke`, \
            or implement `plugin_sdk::hooks::Hook` for a hook of your own host"
)]
pub trait Hook: 'static {
    /// The hook's name in the host, in plugin configurations and on the wire (`hook_type`).
    const NAME: &'static str;
    /// What the host hands to the plugin.
    type Payload: DeserializeOwned + Send + 'static;
    /// What the plugin may hand back in the payload's place, as `modified_payload`. The same type as the payload for
    /// most hooks.
    type Result: Serialize + Send + 'static;

    // The two methods let the built-in hooks have their (de)serialisation compiled in this crate instead of in
    // every plugin. Hooks of others keep the default, which is compiled where it is used.
    #[doc(hidden)]
    fn decode_payload(document: &Document<'_>) -> Result<Self::Payload, CodecError> {
        document.decode()
    }

    #[doc(hidden)]
    fn encode_result(result: &PluginResult<Self::Result>, sink: &mut Sink<'_>) -> Result<(), CodecError> {
        sink.encode(result)
    }
}

/// Writes the marker types, their `Hook` and the list of names from one table.
macro_rules! hooks {
    ($($(#[$documentation:meta])+ $marker:ident = $name:literal($payload:ty) -> $result:ty;)+) => {
        $(
            $(#[$documentation])+
            #[derive(Debug, Clone, Copy)]
            pub struct $marker;

            impl Hook for $marker {
                const NAME: &'static str = $name;
                type Payload = $payload;
                type Result = $result;

                fn decode_payload(document: &Document<'_>) -> Result<Self::Payload, CodecError> {
                    document.decode()
                }

                fn encode_result(
                    result: &PluginResult<Self::Result>,
                    sink: &mut Sink<'_>,
                ) -> Result<(), CodecError> {
                    sink.encode(result)
                }
            }
        )+

        /// The names of all hooks of the gateway, in the order of the [protocol, section
        /// 5.6](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#56-all-hooks).
        pub const NAMES: &[&str] = &[$($name),+];
    };
}

hooks! {
    /// Called before a tool runs. Change the call, or deny it ([protocol, section
    /// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
    ToolPreInvoke = "tool_pre_invoke"(ToolPreInvokePayload) -> ToolPreInvokePayload;

    /// Called after a tool ran, before its result goes to the client. Change the result, deny it, or have the tool
    /// called again with `retry_delay_ms` ([protocol, sections
    /// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource) and
    /// [7.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#71-fields-of-a-result)).
    ToolPostInvoke = "tool_post_invoke"(ToolPostInvokePayload) -> ToolPostInvokePayload;

    /// Called before a prompt is rendered. Change its arguments, or deny it ([protocol, section
    /// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
    PromptPreFetch = "prompt_pre_fetch"(PromptPreFetchPayload) -> PromptPreFetchPayload;

    /// Called after a prompt was rendered, before it goes to the client ([protocol, section
    /// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
    PromptPostFetch = "prompt_post_fetch"(PromptPostFetchPayload) -> PromptPostFetchPayload;

    /// Called before a resource is fetched. Fetch another one instead, or deny it ([protocol, section
    /// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
    ResourcePreFetch = "resource_pre_fetch"(ResourcePreFetchPayload) -> ResourcePreFetchPayload;

    /// Called after a resource was fetched, before it goes to the client ([protocol, section
    /// 5.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#51-tool-prompt-resource)).
    ResourcePostFetch = "resource_post_fetch"(ResourcePostFetchPayload) -> ResourcePostFetchPayload;

    /// Called before an agent is called. Change the call, or deny it ([protocol, section
    /// 5.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#52-agent)).
    AgentPreInvoke = "agent_pre_invoke"(AgentPreInvokePayload) -> AgentPreInvokePayload;

    /// Called after an agent answered. The gateway only lets plugins observe the answer ([protocol, section
    /// 5.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#52-agent)).
    AgentPostInvoke = "agent_post_invoke"(AgentPostInvokePayload) -> AgentPostInvokePayload;

    /// Called for every HTTP request before it is authenticated. Set request headers. The gateway only logs a
    /// failure, and a violation does not stop the request ([protocol, section
    /// 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
    HttpPreRequest = "http_pre_request"(HttpPreRequestPayload) -> HttpPreRequestResultPayload;

    /// Called for every HTTP request when its answer is ready. Set headers of the answer. The gateway only logs a
    /// failure, and a violation does not stop the answer ([protocol, section
    /// 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
    HttpPostRequest = "http_post_request"(HttpPostRequestPayload) -> HttpPostRequestResultPayload;

    /// Called when the gateway authenticates a request. Name the user, or deny the request with 401 ([protocol, section
    /// 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
    HttpAuthResolveUser = "http_auth_resolve_user"(HttpAuthResolveUserPayload) -> HttpAuthResolveUserResultPayload;

    /// Called before the gateway checks whether the user has a permission. Decide in its place ([protocol, section
    /// 5.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#53-http)).
    HttpAuthCheckPermission = "http_auth_check_permission"(HttpAuthCheckPermissionPayload)
        -> HttpAuthCheckPermissionResultPayload;

    /// Called by CPEX hosts to find out who makes a request. The gateway does not call it yet ([protocol, section
    /// 5.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#54-identity-delegation)).
    IdentityResolve = "identity_resolve"(IdentityResolvePayload) -> IdentityResolveResultPayload;

    /// Called by CPEX hosts to get a token for a call to a tool, an agent or a resource. The gateway does not call it
    /// yet ([protocol, section
    /// 5.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#54-identity-delegation)).
    TokenDelegate = "token_delegate"(TokenDelegatePayload) -> TokenDelegateResultPayload;

    /// Called by CPEX hosts to judge a message at any point. The gateway does not call it yet ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    Evaluate = "evaluate"(EvaluatePayload) -> EvaluatePayload;

    /// Called by CPEX hosts with the message that calls a tool. The gateway does not call it yet; see
    /// [`ToolPreInvoke`] ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfToolPreInvoke = "cmf.tool_pre_invoke"(CmfToolPreInvokePayload) -> CmfToolPreInvokePayload;

    /// Called by CPEX hosts with the message that holds the result of a tool. The gateway does not call it yet; see
    /// [`ToolPostInvoke`] ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfToolPostInvoke = "cmf.tool_post_invoke"(CmfToolPostInvokePayload) -> CmfToolPostInvokePayload;

    /// Called by CPEX hosts with a message on its way to a model. The gateway does not call it yet ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfLlmInput = "cmf.llm_input"(CmfLlmInputPayload) -> CmfLlmInputPayload;

    /// Called by CPEX hosts with a model's answer. The gateway does not call it yet ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfLlmOutput = "cmf.llm_output"(CmfLlmOutputPayload) -> CmfLlmOutputPayload;

    /// Called by CPEX hosts with the message that asks for a resource. The gateway does not call it yet; see
    /// [`ResourcePreFetch`] ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfResourcePreFetch = "cmf.resource_pre_fetch"(CmfResourcePreFetchPayload) -> CmfResourcePreFetchPayload;

    /// Called by CPEX hosts with the message that holds a resource. The gateway does not call it yet; see
    /// [`ResourcePostFetch`] ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfResourcePostFetch = "cmf.resource_post_fetch"(CmfResourcePostFetchPayload) -> CmfResourcePostFetchPayload;

    /// Called by CPEX hosts with the message that asks for a prompt. The gateway does not call it yet; see
    /// [`PromptPreFetch`] ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfPromptPreFetch = "cmf.prompt_pre_fetch"(CmfPromptPreFetchPayload) -> CmfPromptPreFetchPayload;

    /// Called by CPEX hosts with the message that holds a rendered prompt. The gateway does not call it yet; see
    /// [`PromptPostFetch`] ([protocol, section
    /// 5.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#55-message-hooks)).
    CmfPromptPostFetch = "cmf.prompt_post_fetch"(CmfPromptPostFetchPayload) -> CmfPromptPostFetchPayload;
}
