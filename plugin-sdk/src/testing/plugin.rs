//! A plugin as a test calls it.

use std::{fmt, future::IntoFuture, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::journal::Journal;
use crate::{
    context::PluginContext,
    hooks::Hook,
    host::{CallError, HookCall, HostedPlugin, InProcessPlugin},
    plugin::{BoxFuture, Plugin},
    result::PluginResult,
};

/// The request of a call that no context is given for.
const REQUEST_ID: &str = "request-1";

pub(super) const IN_PROCESS: &str = "in process";

/// A plugin under test, called as a host calls it.
pub struct TestPlugin {
    hosted: Arc<dyn HostedPlugin>,
    way: &'static str,
    pub(super) journal: Journal,
}

impl TestPlugin {
    /// A plugin in the same process.
    pub fn new<P: Plugin>(plugin: P) -> Self {
        Self::of_hosted(IN_PROCESS, Arc::new(InProcessPlugin::new(plugin)))
    }

    pub(super) fn of_hosted(way: &'static str, hosted: Arc<dyn HostedPlugin>) -> Self {
        Self {
            hosted,
            way,
            journal: Journal::default(),
        }
    }

    /// Calls a hook. Awaiting it gives the result; it can be [checked](super::AssertResult) at once.
    pub fn call<H: Hook>(&self, payload: H::Payload) -> TestCall<'_, H> {
        TestCall {
            plugin: self,
            payload,
            context: None,
        }
    }

    /// How it is called, for messages: `in process`, `over gRPC`.
    pub fn way(&self) -> &'static str {
        self.way
    }
}

impl fmt::Debug for TestPlugin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TestPlugin")
            .field("name", &self.hosted.config().name())
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

/// A call that is made when it is awaited.
#[must_use = "a call is made when it is awaited"]
pub struct TestCall<'a, H: Hook> {
    plugin: &'a TestPlugin,
    payload: H::Payload,
    context: Option<&'a mut PluginContext>,
}

impl<'a, H: Hook> TestCall<'a, H> {
    /// Makes the call with this context, and leaves there what the plugin changed of it: the next hook of the same request can
    /// be called with it.
    ///
    /// ```
    /// # use plugin_sdk::{hooks::{ToolPostInvoke, ToolPreInvoke}, prelude::*, testing::{AssertResult, TestPlugin}};
    /// # #[plugin(hooks = [tool_pre_invoke, tool_post_invoke])]
    /// # #[derive(Default)]
    /// # struct Remembers;
    /// # impl Remembers {
    /// #     async fn tool_pre_invoke(&self, payload: ToolPreInvokePayload, context: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
    /// #         context.state_mut().insert("tool".into(), payload.name.into());
    /// #         Ok(PluginResult::allow())
    /// #     }
    /// #     async fn tool_post_invoke(&self, _: ToolPostInvokePayload, context: &mut PluginContext) -> HookResult<ToolPostInvokePayload> {
    /// #         assert_eq!(context.state()["tool"], "search");
    /// #         Ok(PluginResult::allow())
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let plugin = TestPlugin::new(Remembers);
    /// let mut context = PluginContext::new("request-1");
    /// let before = ToolPreInvokePayload::new("search");
    /// plugin.call::<ToolPreInvoke>(before).with_context(&mut context).await.assert_allowed();
    /// assert_eq!(context.state()["tool"], "search");
    /// let after = ToolPostInvokePayload::new("search", "no results");
    /// plugin.call::<ToolPostInvoke>(after).with_context(&mut context).await.assert_allowed();
    /// # }
    /// ```
    pub fn with_context(mut self, context: &'a mut PluginContext) -> Self {
        self.context = Some(context);
        self
    }
}

impl<H: Hook> fmt::Debug for TestCall<'_, H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TestCall")
            .field("plugin", &self.plugin)
            .field("hook", &H::NAME)
            .finish_non_exhaustive()
    }
}

impl<'a, H: Hook> IntoFuture for TestCall<'a, H>
where
    H::Payload: Serialize + Sync,
    H::Result: DeserializeOwned,
{
    type Output = Result<PluginResult<H::Result>, CallError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            plugin,
            payload,
            context,
        } = self;
        Box::pin(async move {
            let mut own = None;
            let context = match context {
                Some(context) => context,
                None => own.insert(PluginContext::new(REQUEST_ID)),
            };
            let reply = plugin
                .hosted
                .call(HookCall::new(H::NAME, &payload, context))
                .await;
            let answer = reply.and_then(|reply| reply.into_result(context));
            plugin.journal.note(H::NAME, &answer, context);
            answer
        })
    }
}
