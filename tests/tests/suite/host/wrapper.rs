//! A wrapper around a plugin, as for retries or metrics: it sees calls, changes them, and answers itself.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use plugin_sdk::{
    Map, Number, PluginContext, PluginResult, PluginViolation, Value, async_trait,
    hooks::ToolPreInvoke,
    host::{
        CallError, HookCall, HookReply, HostedPlugin, InProcessPlugin, Invoke, PluginConfig, PluginRegistry,
        ReportedError,
    },
    prelude::ToolPreInvokePayload,
};
use plugin_sdk_tests::faults::Faults;
use serde_json::json;

use super::{call, connect_with, echo, everywhere};

struct Wrapper<P> {
    plugin: P,
    calls: AtomicUsize,
    denials: AtomicUsize,
}

#[async_trait]
impl<P: HostedPlugin> HostedPlugin for Wrapper<P> {
    fn config(&self) -> &PluginConfig {
        self.plugin.config()
    }

    async fn call(&self, call: HookCall<'_>) -> Result<HookReply, CallError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let mut payload: ToolPreInvokePayload = call.payload()?;
        match payload.name.as_str() {
            "deny" => {
                let violation = PluginViolation::new("denied by the wrapper", "WRAPPER").with_detail("n", 1);
                let denial = PluginResult::<Map>::deny(violation).with_denial_metadata("big", i64::MAX);
                return HookReply::new(&denial);
            }
            "modify" => {
                payload.args.insert("long".into(), Number::from(u128::MAX).into());
                let mut context = call.context().clone();
                context.state_mut().insert("wrapped".into(), true.into());
                return Ok(HookReply::new(&PluginResult::modify_payload(payload))?.with_context(context));
            }
            "unsendable" => {
                let metadata = (0..1000).fold(Value::from(1), |inside, _| Map::from([("in", inside)]).into());
                return HookReply::new(&PluginResult::<Map>::allow().with_metadata("deep", metadata));
            }
            "fail" => {
                let error = ReportedError::new(self.config().name(), "no luck").with_code("E7");
                return Err(CallError::Plugin(Box::new(error)));
            }
            "ask another" => {
                payload.name = "echo".into();
                let call = HookCall::new(call.hook(), &payload, call.context()).with_options(call.options());
                return self.plugin.call(call).await;
            }
            _ => {}
        }
        let reply = self.plugin.call(call).await?;
        if !reply.result::<Map>()?.continue_processing {
            self.denials.fetch_add(1, Ordering::Relaxed);
        }
        Ok(reply)
    }

    async fn check_health(&self) -> Result<bool, CallError> {
        self.plugin.check_health().await
    }

    async fn close(&self) {
        self.plugin.close().await;
    }
}

/// Puts a result of its own in the place of the plugin's.
struct Replacing<'a, P>(&'a P);

#[async_trait]
impl<P: HostedPlugin> HostedPlugin for Replacing<'_, P> {
    fn config(&self) -> &PluginConfig {
        self.0.config()
    }

    async fn call(&self, call: HookCall<'_>) -> Result<HookReply, CallError> {
        let reply = self.0.call(call).await?;
        let args = reply.result::<Map>()?.metadata["args"].clone();
        reply.with_result(&PluginResult::<Map>::allow().with_metadata("replaced", args))
    }

    async fn check_health(&self) -> Result<bool, CallError> {
        self.0.check_health().await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

/// What the plugin changed of the context is the same with another result, and can be read.
async fn check_context(way: &str, plugin: &impl HostedPlugin) {
    for tool in ["swap-maps", "take-state", "echo"] {
        let payload = ToolPreInvokePayload::new(tool);
        let mut before = PluginContext::new("request-1");
        before.state_mut().insert("key".into(), 1.into());
        let (mut plain, mut replaced) = (before.clone(), before.clone());
        let result = plugin
            .invoke::<ToolPreInvoke>(&payload, &mut plain)
            .await
            .unwrap();
        let other = Replacing(plugin)
            .invoke::<ToolPreInvoke>(&payload, &mut replaced)
            .await
            .unwrap();
        assert_eq!(
            other.metadata["replaced"], result.metadata["args"],
            "{way}: {tool}"
        );
        assert!(other.metadata.get("args").is_none(), "{way}: {tool}");
        assert_eq!(replaced.state(), plain.state(), "{way}: {tool}");
        assert_eq!(replaced.metadata(), plain.metadata(), "{way}: {tool}");

        let reply = plugin
            .call(HookCall::new("tool_pre_invoke", &payload, &before))
            .await
            .unwrap();
        match tool {
            "echo" => assert!(reply.context().is_none(), "{way}"),
            "swap-maps" => {
                assert_eq!(replaced.metadata()["key"], 1, "{way}");
                assert_eq!(reply.context().unwrap().metadata()["key"], 1, "{way}");
            }
            _ => assert!(reply.context().unwrap().state().is_empty(), "{way}"),
        }
    }
}

async fn check(way: &str, plugin: impl HostedPlugin + 'static) {
    let wrapper = Wrapper {
        plugin,
        calls: AtomicUsize::new(0),
        denials: AtomicUsize::new(0),
    };
    let denial = call(&wrapper, "deny", json!({})).await.unwrap();
    let violation = denial.violation.unwrap();
    assert_eq!(
        (violation.code.as_str(), &violation.details["n"]),
        ("WRAPPER", &1.into()),
        "{way}"
    );
    let metadata = denial.denial_metadata.unwrap();
    assert_eq!(metadata.iter().next().unwrap(), ("big", i64::MAX.into()), "{way}");

    let mut context = PluginContext::new("request-1");
    let payload = ToolPreInvokePayload::new("modify");
    let result = wrapper
        .invoke::<ToolPreInvoke>(&payload, &mut context)
        .await
        .unwrap();
    let args = result.modified_payload.unwrap().args;
    assert_eq!(args.to_string(), format!(r#"{{"long":{}}}"#, u128::MAX), "{way}");
    assert_eq!(context.state()["wrapped"], true, "{way}");

    let unsendable = call(&wrapper, "unsendable", json!({})).await;
    assert!(
        matches!(unsendable, Err(CallError::InvalidAnswer { .. })),
        "{way}: {unsendable:?}"
    );
    let failed = call(&wrapper, "fail", json!({})).await.unwrap_err();
    assert_eq!(failed.to_string(), "no luck (E7)", "{way}");

    let echoed = call(&wrapper, "ask another", json!({"a": [1, "b"]}))
        .await
        .unwrap();
    assert_eq!(echo(&echoed), json!({"a": [1, "b"]}), "{way}");
    let denied = call(&wrapper, "violation", json!({})).await.unwrap();
    assert_eq!(denied.violation.unwrap().code, "QUESTION_MARK", "{way}");
    let failed = call(&wrapper, "error", json!({})).await;
    assert!(
        matches!(failed, Err(CallError::Plugin(error)) if error.code == "E42"),
        "{way}"
    );
    assert_eq!(wrapper.check_health().await, Ok(true), "{way}");
    assert_eq!(wrapper.calls.load(Ordering::Relaxed), 7, "{way}");
    assert_eq!(wrapper.denials.load(Ordering::Relaxed), 1, "{way}");

    // In a registry it stands in the place of the plugin, and ends what is dropped.
    let mut plugins = PluginRegistry::new();
    plugins.insert(wrapper);
    let plugin = plugins.get("Faults").unwrap();
    let waiting = call(plugin, "wait-forever", json!({}));
    assert!(
        tokio::time::timeout(Duration::from_millis(50), waiting)
            .await
            .is_err(),
        "{way}"
    );
    plugins.close().await;
    assert_eq!(
        call(plugin, "echo", json!({})).await.unwrap_err(),
        CallError::Closed,
        "{way}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_sees_calls_and_answers_itself() {
    let file = "plugins: [{name: Faults, kind: faults}]";
    let (_server, sections) = everywhere(env!("CARGO_BIN_EXE_fault-plugin"), file);
    for (way, section) in &sections {
        let plugin = connect_with("Faults", section).await.unwrap();
        check_context(way, &plugin).await;
        check(way, plugin).await;
    }
    // Whatever plugin it is.
    let plugin: Box<dyn HostedPlugin> = Box::new(InProcessPlugin::new(Faults));
    check_context("in the same process", &plugin).await;
    check("in the same process", plugin).await;
}
