//! The one trait for a call, wherever the plugin runs.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    call::{CallOptions, HookCall},
    config::PluginConfig,
    error::CallError,
    reply::HookReply,
};
use crate::{context::PluginContext, hooks::Hook, plugin::BoxFuture, result::PluginResult, value::Map};

/// A plugin that a host can call: over any transport, or in the same process.
///
/// Call it with the methods of [`Invoke`]. Retries, metrics or a stand-in for tests are implementations of this trait around
/// another one.
pub trait HostedPlugin: Send + Sync {
    /// How it is configured: the host's entry, filled in with what the server reports.
    fn config(&self) -> &PluginConfig;

    /// Makes a call. Dropping the future cancels it.
    fn call(&self, call: HookCall<'_>) -> BoxFuture<'_, Result<HookReply, CallError>>;
}

impl<T: HostedPlugin + ?Sized> HostedPlugin for &T {
    fn config(&self) -> &PluginConfig {
        (**self).config()
    }

    fn call(&self, call: HookCall<'_>) -> BoxFuture<'_, Result<HookReply, CallError>> {
        (**self).call(call)
    }
}

impl<T: HostedPlugin + ?Sized> HostedPlugin for std::sync::Arc<T> {
    fn config(&self) -> &PluginConfig {
        (**self).config()
    }

    fn call(&self, call: HookCall<'_>) -> BoxFuture<'_, Result<HookReply, CallError>> {
        (**self).call(call)
    }
}

/// Calls of hooks with their own types, or by name. Every [`HostedPlugin`] has them.
///
/// What the plugin changed of the context is taken over as all hosts do it: the state and the metadata of the plugin, and the
/// state that plugins share. After an error the context is as it was.
///
/// On gRPC and Unix sockets every number is a double. All hosts round integers beyond 2^53 there, and so does this one; on MCP and
/// in the same process they stay whole.
pub trait Invoke: HostedPlugin {
    /// Calls a hook.
    fn invoke<H: Hook>(
        &self,
        payload: &H::Payload,
        context: &mut PluginContext,
    ) -> impl Future<Output = Result<PluginResult<H::Result>, CallError>> + Send
    where
        H::Payload: Serialize,
        H::Result: DeserializeOwned,
    {
        self.invoke_with::<H>(payload, context, CallOptions::default())
    }

    /// Calls a hook with options.
    fn invoke_with<H: Hook>(
        &self,
        payload: &H::Payload,
        context: &mut PluginContext,
        options: CallOptions,
    ) -> impl Future<Output = Result<PluginResult<H::Result>, CallError>> + Send
    where
        H::Payload: Serialize,
        H::Result: DeserializeOwned,
    {
        // The payload takes the form of the transport here, before anything waits: it needs not be shared between threads.
        let reply = self.call(HookCall::new(H::NAME, payload, context).with_options(options));
        async move { reply.await?.into_result(context) }
    }

    /// Calls a hook by its name, with a payload of JSON.
    fn invoke_by_name(
        &self,
        hook: &str,
        payload: &Map,
        context: &mut PluginContext,
    ) -> impl Future<Output = Result<PluginResult<Map>, CallError>> + Send {
        self.invoke_by_name_with(hook, payload, context, CallOptions::default())
    }

    /// Calls a hook by its name with options.
    fn invoke_by_name_with(
        &self,
        hook: &str,
        payload: &Map,
        context: &mut PluginContext,
        options: CallOptions,
    ) -> impl Future<Output = Result<PluginResult<Map>, CallError>> + Send {
        let reply = self.call(HookCall::new(hook, payload, context).with_options(options));
        async move { reply.await?.into_result(context) }
    }
}

impl<T: HostedPlugin + ?Sized> Invoke for T {}
