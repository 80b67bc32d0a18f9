//! A plugin in the same process.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::{
    answer::of_reported, call::HookCall, config::PluginConfig, error::CallError, hosted::HostedPlugin,
    reply::HookReply,
};
use crate::{
    dispatch::{Dispatcher, InstanceConfig, StartError},
    limits::Limits,
    manifest::{Mode, OnError},
    plugin::{Plugin, PluginKind},
    protocol::request::InvokeHookRequest,
    value::Value,
};

/// A plugin in the same process, called as if it were in another one: with the same deadline, the same isolation of its panics,
/// and the same values.
///
/// ```
/// # use plugin_sdk::prelude::*;
/// use plugin_sdk::host::{InProcessPlugin, Invoke, PluginRegistry};
///
/// # #[plugin(hooks = [tool_pre_invoke])]
/// # #[derive(Default)]
/// # struct NoDangerousTools;
/// # impl NoDangerousTools {
/// #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
/// #         Ok(PluginResult::allow())
/// #     }
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let mut plugins = PluginRegistry::new();
/// plugins.insert(InProcessPlugin::new(NoDangerousTools));
/// for plugin in plugins.of_hook("tool_pre_invoke") {
///     let payload = Map::from([("name", "search")]);
///     let mut context = PluginContext::new("request-1");
///     assert!(plugin.invoke_by_name("tool_pre_invoke", &payload, &mut context).await?.continue_processing);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct InProcessPlugin {
    config: PluginConfig,
    dispatcher: Dispatcher,
    closed: AtomicBool,
}

impl InProcessPlugin {
    /// A plugin under the name that it gives itself.
    pub fn new<P: Plugin>(plugin: P) -> Self {
        Self {
            config: PluginConfig::of_manifest(&P::manifest()),
            dispatcher: Dispatcher::of_plugin(plugin),
            closed: AtomicBool::new(false),
        }
    }

    /// A plugin as an entry of `plugins` configures it, with a `name`, a `config` and all else that a server's file may say; its
    /// `kind` is that of `P`.
    ///
    /// # Errors
    ///
    /// When the plugin can't start with the entry.
    pub async fn start<P: Plugin>(entry: &PluginConfig) -> Result<Self, StartError> {
        let document = entry.document();
        let settings = document.get("config").and_then(Value::as_object).cloned();
        let instance = InstanceConfig {
            name: entry.name().to_owned(),
            kind: document["kind"].as_str().unwrap_or_default().to_owned(),
            hooks: document
                .contains_key("hooks")
                .then(|| entry.hooks().map(str::to_owned).collect()),
            disabled: entry.mode() == Mode::Disabled,
            ignore_errors: entry.on_error() != OnError::Fail,
            settings: settings.unwrap_or_default().into(),
            reported: document.clone(),
        };
        let kind = PluginKind::of::<P>();
        let mut config = PluginConfig::of_manifest(&kind.manifest).into_document();
        config.extend(document.iter().map(|(key, value)| (key, value.clone())));
        Ok(Self {
            config: PluginConfig::of_checked(config),
            dispatcher: Dispatcher::start(&[kind], &[instance], true, Limits::default()).await?,
            closed: AtomicBool::new(false),
        })
    }

    /// Shuts the plugin down, as a server does in its end.
    #[cfg(feature = "testing")]
    pub(crate) async fn shutdown(&self) {
        self.dispatcher.shutdown().await;
    }

    /// Sets the bounds that calls keep.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.dispatcher = self.dispatcher.with_limits(limits);
        self
    }
}

#[async_trait]
impl HostedPlugin for InProcessPlugin {
    fn config(&self) -> &PluginConfig {
        &self.config
    }

    async fn call(&self, call: HookCall<'_>) -> Result<HookReply, CallError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(CallError::Closed);
        }
        // JSON, because it carries all of a context, and integers of any size.
        let nesting = self.dispatcher.limits().nesting();
        let outgoing = call.outgoing(self.config.name());
        let (mut payload, mut context) = (Vec::new(), Vec::new());
        outgoing
            .payload_json(&mut payload, nesting)
            .and_then(|()| outgoing.context_json(&mut context, nesting))
            .map_err(|error| CallError::invalid_request(&error))?;
        let limit = self.dispatcher.limits().max_message_size;
        within(limit, payload.len() + context.len())?;
        let (hook, name) = (call.hook().into(), self.config.name().into());
        let request = InvokeHookRequest::of_json(hook, name, payload.into(), context.into());
        let answer = self.dispatcher.reply(request);
        let answer = match call.options().timeout {
            None => answer.await,
            Some(after) => tokio::time::timeout(after, answer)
                .await
                .map_err(|_| CallError::Timeout {
                    after,
                    may_be_seen: true,
                })?,
        };
        answer.map_err(of_reported)
    }

    async fn check_health(&self) -> Result<bool, CallError> {
        if self.closed.load(Ordering::Acquire) {
            Err(CallError::Closed)
        } else {
            Ok(true)
        }
    }

    /// The plugin's shutdown runs once.
    async fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel) {
            self.dispatcher.shutdown().await;
        }
    }
}

/// A server reads no more than this.
fn within(limit: usize, size: usize) -> Result<(), CallError> {
    if size <= limit {
        return Ok(());
    }
    Err(CallError::TooLarge {
        message: format!(
            "the request has {size} bytes, more than the {limit} that are taken (PLUGINS_MAX_MESSAGE_SIZE)"
        ),
    })
}

#[cfg(test)]
#[allow(
    unreachable_pub,
    reason = "what `#[plugin]` writes is public to be called by others"
)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use crate::{
        Limits,
        hooks::{HttpPreRequest, HttpPreRequestPayload, ToolPreInvoke},
        host::{CallError, CallOptions, HostedPlugin, InProcessPlugin, Invoke, PluginRegistry},
        prelude::*,
    };

    static RUNNING: AtomicUsize = AtomicUsize::new(0);

    struct Running;

    impl Running {
        fn begin() -> Self {
            RUNNING.fetch_add(1, Ordering::SeqCst);
            Self
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            RUNNING.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[plugin(hooks = [tool_pre_invoke], name = "counts", priority = 7)]
    #[derive(Default)]
    struct Counts;

    impl Counts {
        async fn tool_pre_invoke(
            &self,
            mut payload: ToolPreInvokePayload,
            context: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            match payload.name.as_str() {
                "fail" => return Err(PluginError::new("no").with_code("NO").with_detail("n", 1)),
                "deny" => {
                    let denial = PluginResult::deny(PluginViolation::new("reason", "CODE"));
                    return Ok(denial.with_denial_metadata("big", 9_007_199_254_740_993_i64));
                }
                "panic" => panic!("on purpose"),
                "wait" => {
                    let _running = Running::begin();
                    std::future::pending::<()>().await;
                }
                _ => {}
            }
            let seen = context.state().get("seen").and_then(Value::as_i64).unwrap_or(0);
            context.state_mut().insert("seen".into(), (seen + 1).into());
            payload.name.push('!');
            Ok(PluginResult::modify_payload(payload))
        }
    }

    #[tokio::test]
    async fn a_call_has_its_own_types_and_takes_over_the_context() {
        let mut registry = PluginRegistry::new();
        registry.insert(InProcessPlugin::new(Counts));
        let plugin = registry.of_hook("tool_pre_invoke").next().unwrap();
        assert_eq!(
            (plugin.config().name(), plugin.config().priority()),
            ("counts", 7)
        );
        let mut context = PluginContext::new("request-1");
        let payload = ToolPreInvokePayload::new("search");
        for seen in 1..=2 {
            let result = plugin
                .invoke::<ToolPreInvoke>(&payload, &mut context)
                .await
                .unwrap();
            assert_eq!(result.modified_payload.unwrap().name, "search!");
            assert_eq!(context.state()["seen"], seen);
        }
        let payload = Map::from([("name", "x")]);
        let result = plugin
            .invoke_by_name("tool_pre_invoke", &payload, &mut context)
            .await
            .unwrap();
        assert_eq!(result.modified_payload.unwrap()["name"], "x!");
    }

    #[tokio::test]
    async fn denials_are_results_and_failures_are_errors() {
        let plugin = InProcessPlugin::new(Counts);
        let mut context = PluginContext::new("request-1");
        let call = async |name: &str, context: &mut PluginContext| {
            let payload = ToolPreInvokePayload::new(name);
            plugin.invoke::<ToolPreInvoke>(&payload, context).await
        };
        let denial = call("deny", &mut context).await.unwrap();
        assert_eq!(denial.violation.unwrap().code, "CODE");
        let metadata = denial.denial_metadata.unwrap();
        assert_eq!(
            metadata.iter().next().unwrap(),
            ("big", 9_007_199_254_740_993_i64.into())
        );
        let Err(CallError::Plugin(error)) = call("fail", &mut context).await else {
            panic!("no error")
        };
        assert_eq!((error.code.as_str(), &error.details["n"]), ("NO", &1.into()));
        let Err(CallError::Plugin(error)) = call("panic", &mut context).await else {
            panic!("no error")
        };
        assert_eq!(error.code, "PLUGIN_PANIC");
        let payload = HttpPreRequestPayload::new("/", "GET");
        let other = plugin.invoke::<HttpPreRequest>(&payload, &mut context).await;
        assert!(matches!(other, Err(CallError::NotFound(_))), "{other:?}");
        assert!(context.state().is_empty());
    }

    #[tokio::test]
    async fn the_edges_are_those_of_a_plugin_elsewhere() {
        let limits = Limits {
            max_message_size: 10_000,
            ..Limits::default()
        };
        let plugin = InProcessPlugin::new(Counts).with_limits(limits);
        let mut context = PluginContext::new("request-1");
        let after = Duration::from_millis(20);
        let payload = ToolPreInvokePayload::new("wait");
        let late = plugin.invoke_with::<ToolPreInvoke>(
            &payload,
            &mut context,
            CallOptions::new().with_timeout(after),
        );
        let expected = CallError::Timeout {
            after,
            may_be_seen: true,
        };
        assert_eq!(late.await.unwrap_err(), expected);
        assert_eq!(RUNNING.load(Ordering::SeqCst), 0, "a late call is given up");
        let dropped = plugin.invoke::<ToolPreInvoke>(&payload, &mut context);
        assert!(tokio::time::timeout(after, dropped).await.is_err());
        assert_eq!(
            RUNNING.load(Ordering::SeqCst),
            0,
            "so is one that nobody waits for"
        );
        let payload = ToolPreInvokePayload::new("x".repeat(20_000));
        let large = plugin.invoke::<ToolPreInvoke>(&payload, &mut context).await;
        assert!(matches!(large, Err(CallError::TooLarge { .. })), "{large:?}");
        assert_eq!(plugin.check_health().await, Ok(true));
        plugin.close().await;
        let payload = ToolPreInvokePayload::new("search");
        let closed = plugin.invoke::<ToolPreInvoke>(&payload, &mut context).await;
        assert_eq!(closed.unwrap_err(), CallError::Closed);
    }
}
