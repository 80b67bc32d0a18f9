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
/// Call it with the methods of [`Invoke`]. Retries or metrics are implementations of this trait around another one; what stands in
/// for an external plugin in a test is an [`InProcessPlugin`](super::InProcessPlugin).
pub trait HostedPlugin: Send + Sync {
    /// How it is configured: the host's entry, filled in with what the server reports.
    fn config(&self) -> &PluginConfig;

    /// Makes a call. Dropping the future cancels it.
    fn call<'a>(&'a self, call: HookCall<'a>) -> BoxFuture<'a, Result<HookReply, CallError>>;

    /// Asks whether the plugin's server is up. A server that has no such question (the Python server on a Unix socket) is up when it
    /// answers at all.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    fn check_health(&self) -> BoxFuture<'_, Result<bool, CallError>>;

    /// Ends what belongs to the plugin: connections, sessions, a process that was started for it, a plugin in this process. Later
    /// calls are [`CallError::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl<T: HostedPlugin + ?Sized> HostedPlugin for &T {
    fn config(&self) -> &PluginConfig {
        (**self).config()
    }

    fn call<'a>(&'a self, call: HookCall<'a>) -> BoxFuture<'a, Result<HookReply, CallError>> {
        (**self).call(call)
    }

    fn check_health(&self) -> BoxFuture<'_, Result<bool, CallError>> {
        (**self).check_health()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        (**self).close()
    }
}

impl<T: HostedPlugin + ?Sized> HostedPlugin for std::sync::Arc<T> {
    fn config(&self) -> &PluginConfig {
        (**self).config()
    }

    fn call<'a>(&'a self, call: HookCall<'a>) -> BoxFuture<'a, Result<HookReply, CallError>> {
        (**self).call(call)
    }

    fn check_health(&self) -> BoxFuture<'_, Result<bool, CallError>> {
        (**self).check_health()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        (**self).close()
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
        H::Payload: Serialize + Sync,
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
        H::Payload: Serialize + Sync,
        H::Result: DeserializeOwned,
    {
        async move {
            let call = HookCall::new(H::NAME, payload, context).with_options(options);
            self.call(call).await?.into_result(context)
        }
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
        async move {
            let call = HookCall::new(hook, payload, context).with_options(options);
            self.call(call).await?.into_result(context)
        }
    }
}

impl<T: HostedPlugin + ?Sized> Invoke for T {}
