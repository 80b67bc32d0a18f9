//! The one trait for a call, wherever the plugin runs.

use std::sync::Arc;

use async_trait::async_trait;
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
/// Call it with the methods of [`Invoke`]. What stands in for an external plugin in a test is an
/// [`InProcessPlugin`](super::InProcessPlugin).
///
/// Retries, metrics or a cache are implementations of this trait around another one. A wrapper sees the [hook](HookCall::hook), the
/// [payload](HookCall::payload) and the [context](HookCall::context) of a call, may hand on another call, may
/// [answer](HookReply::new) itself, and may change the [result](HookReply::with_result) of the plugin:
///
/// ```
/// use plugin_sdk::{
///     PluginResult, PluginViolation, async_trait,
///     host::{CallError, HookCall, HookReply, HostedPlugin, PluginConfig},
///     hooks::ToolPreInvoke,
///     prelude::ToolPreInvokePayload,
/// };
/// use std::time::Instant;
///
/// /// Measures calls, and denies one tool without asking the plugin.
/// struct Measured<P>(P);
///
/// #[async_trait]
/// impl<P: HostedPlugin> HostedPlugin for Measured<P> {
///     fn config(&self) -> &PluginConfig {
///         self.0.config()
///     }
///
///     async fn call(&self, call: HookCall<'_>) -> Result<HookReply, CallError> {
///         if call.hook() == "tool_pre_invoke" {
///             let payload: ToolPreInvokePayload = call.payload()?;
///             if payload.name == "rm" {
///                 let violation = PluginViolation::new("forbidden tool", "FORBIDDEN_TOOL");
///                 return HookReply::new(&PluginResult::<ToolPreInvokePayload>::deny(violation));
///             }
///         }
///         let begin = Instant::now();
///         let reply = self.0.call(call).await;
///         println!("{} {}: {:?}", self.config().name(), call.hook(), begin.elapsed());
///         reply
///     }
///
///     async fn check_health(&self) -> Result<bool, CallError> {
///         self.0.check_health().await
///     }
///
///     async fn close(&self) {
///         self.0.close().await;
///     }
/// }
/// # use plugin_sdk::{host::{InProcessPlugin, Invoke, PluginRegistry}, prelude::*};
/// # #[plugin(hooks = [tool_pre_invoke])]
/// # #[derive(Default)]
/// # struct AllowAll;
/// # impl AllowAll {
/// #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
/// #         Ok(PluginResult::allow())
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
///
/// let mut plugins = PluginRegistry::new();
/// plugins.insert(Measured(InProcessPlugin::new(AllowAll)));
/// # let plugin = plugins.of_hook("tool_pre_invoke").next().unwrap();
/// # let mut context = PluginContext::new("request-1");
/// # let mut call = async |tool: &str| plugin.invoke::<ToolPreInvoke>(&ToolPreInvokePayload::new(tool), &mut context).await;
/// # assert!(call("search").await?.continue_processing);
/// # assert_eq!(call("rm").await?.violation.unwrap().code, "FORBIDDEN_TOOL");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait HostedPlugin: Send + Sync {
    /// How it is configured: the host's entry, filled in with what the server reports.
    fn config(&self) -> &PluginConfig;

    /// Makes a call. Dropping the future cancels it.
    ///
    /// # Errors
    ///
    /// When there is no result; a denial is one.
    async fn call(&self, call: HookCall<'_>) -> Result<HookReply, CallError>;

    /// Asks whether the plugin's server is up. A server that has no such question (the Python server on a Unix socket) is up when it
    /// answers at all.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    async fn check_health(&self) -> Result<bool, CallError>;

    /// Ends what belongs to the plugin: connections, sessions, a process that was started for it, a plugin in this process. Later
    /// calls are [`CallError::Closed`].
    async fn close(&self);
}

/// Hands everything on, without a future of its own.
macro_rules! deref {
    ($($pointer:ty),*) => {
        $(
            impl<T: HostedPlugin + ?Sized> HostedPlugin for $pointer {
                fn config(&self) -> &PluginConfig {
                    (**self).config()
                }

                fn call<'a, 'b, 'c>(&'a self, call: HookCall<'b>) -> BoxFuture<'c, Result<HookReply, CallError>>
                where
                    'a: 'c,
                    'b: 'c,
                    Self: 'c,
                {
                    (**self).call(call)
                }

                fn check_health<'a, 'b>(&'a self) -> BoxFuture<'b, Result<bool, CallError>>
                where
                    'a: 'b,
                    Self: 'b,
                {
                    (**self).check_health()
                }

                fn close<'a, 'b>(&'a self) -> BoxFuture<'b, ()>
                where
                    'a: 'b,
                    Self: 'b,
                {
                    (**self).close()
                }
            }
        )*
    };
}

deref!(&T, Arc<T>, Box<T>);

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
