//! Many calls at one time on one connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use plugin_sdk::{
    Limits,
    host::{CallError, CallOptions, ExternalPlugin, HostSettings, HostedPlugin},
    prelude::*,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;

use super::{call, call_with, connect_to, echo, entry, fault_server, faults, milliseconds};

/// One connection is all that the server has.
const ONE: (&str, &str) = ("PLUGINS_MAX_CONNECTIONS", "1");

const CALLS: usize = 1000;

/// Calls wait here until there are a thousand of them, and then for as long as each was told.
#[plugin(hooks = [tool_pre_invoke], name = "Meets")]
struct Meets(tokio::sync::Barrier);

impl Default for Meets {
    fn default() -> Self {
        Self(tokio::sync::Barrier::new(CALLS))
    }
}

impl Meets {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        self.0.wait().await;
        tokio::time::sleep(milliseconds(payload.args["milliseconds"].as_u64().unwrap())).await;
        Ok(PluginResult::allow().with_metadata("args", payload.args))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_on_one_connection_are_each_answered_to_their_own_caller() {
    let directory = tempfile::Builder::new()
        .prefix("plugin-")
        .tempdir_in("/tmp")
        .unwrap();
    let socket = directory.path().join("plugin.sock");
    let mut limits = Limits::default();
    limits.max_connections = 1;
    let server = Meets::default()
        .into_unix_server()
        .with_limits(limits)
        .bind(&socket)
        .unwrap();
    let server = tokio::spawn(server.serve(std::future::pending()));
    let plugin = Arc::new(connect_to("Meets", &socket, &json!({})).await.unwrap());
    let mut runner = TestRunner::default();
    let delays = proptest::collection::vec(0..400_u64, CALLS)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let calls: Vec<_> = delays
        .into_iter()
        .enumerate()
        .map(|(number, delay)| {
            let plugin = Arc::clone(&plugin);
            tokio::spawn(async move {
                let args = json!({"milliseconds": delay, "number": number, "text": "x".repeat(number)});
                let result = call(&*plugin, "meet", args.clone()).await.unwrap();
                assert_eq!(echo(&result), args);
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beyond_the_bound_of_the_server_wait() {
    let server = fault_server(&[ONE, ("PLUGINS_MAX_CALLS_IN_FLIGHT", "2")]);
    let plugin = Arc::new(faults(server.socket(), &json!({})).await);
    let started = Instant::now();
    let calls: Vec<_> = (0..6)
        .map(|number| {
            let plugin = Arc::clone(&plugin);
            tokio::spawn(
                async move { call(&*plugin, "wait", json!({"milliseconds": 200, "n": number})).await },
            )
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(echo(&call.await.unwrap().unwrap())["n"], number);
    }
    assert!(started.elapsed() >= milliseconds(600), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_reaches_nobody() {
    let server = fault_server(&[ONE]);
    let plugin = faults(server.socket(), &json!({"timeout": 0.2})).await;
    for number in 0..5 {
        let late = call(&plugin, "block", json!({"milliseconds": 300, "late": number})).await;
        let expected = CallError::Timeout {
            after: milliseconds(200),
            may_be_seen: true,
        };
        assert_eq!(late.unwrap_err(), expected);
        let options = CallOptions::new().with_timeout(milliseconds(5000));
        let next = call_with(
            &plugin,
            "wait",
            json!({"milliseconds": 100, "n": number}),
            options,
        )
        .await;
        assert_eq!(echo(&next.unwrap())["n"], number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_the_same_values_as_in_the_same_process() {
    let server = fault_server(&[("PLUGINS_MAX_MESSAGE_SIZE", "64kib")]);
    let plugin = faults(server.socket(), &json!({})).await;
    let here = plugin_sdk::host::InProcessPlugin::new(plugin_sdk_tests::faults::Faults);
    for (name, args) in [
        ("panic", json!({})),
        ("error", json!({})),
        ("violation", json!({})),
        ("unsendable-denial", json!({})),
        ("other", json!({"a": [1, null, {"b": 0.5}]})),
    ] {
        let (over, here) = (
            call(&plugin, name, args.clone()).await,
            call(&here, name, args).await,
        );
        if name == "unsendable-denial" {
            // JSON has integers of 64 bits, so that there is nothing to leave out.
            assert_eq!(
                over.unwrap().violation.unwrap().code,
                here.unwrap().violation.unwrap().code
            );
            continue;
        }
        assert_eq!(over, here, "{name}");
    }
    let over = call(&plugin, "big", json!({"size": 65_536})).await;
    assert!(matches!(over, Err(CallError::TooLarge { .. })), "{over:?}");
    let over = call(&plugin, "other", json!({"blob": "x".repeat(70_000)})).await;
    assert!(matches!(over, Err(CallError::TooLarge { .. })), "{over:?}");
    let mut settings = HostSettings::default();
    settings.max_message_size = 1024;
    let small = ExternalPlugin::connect(entry("Faults", server.socket(), &json!({})), &settings)
        .await
        .unwrap();
    for (name, args) in [
        ("big", json!({"size": 2000})),
        ("other", json!({"blob": "x".repeat(2000)})),
    ] {
        let answer = call(&small, name, args).await;
        assert!(matches!(answer, Err(CallError::TooLarge { .. })), "{answer:?}");
    }
    // None of it disturbs the connection.
    assert!(call(&small, "other", json!({})).await.is_ok());
    let missing = connect_to("Nobody", server.socket(), &json!({}))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(missing, plugin_sdk::host::HostError::NotFound { .. }),
        "{missing:?}"
    );
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// Counts the calls that ended without an answer.
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        ENDED.fetch_add(1, Ordering::SeqCst);
    }
}

#[plugin(hooks = [tool_pre_invoke], name = "waits")]
#[derive(Default)]
struct Waits;

impl Waits {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if payload.name == "wait" {
            RUNNING.fetch_add(1, Ordering::SeqCst);
            let _running = Running;
            tokio::time::sleep(milliseconds(30_000)).await;
        }
        Ok(PluginResult::allow().with_metadata("args", payload.args))
    }
}

async fn until(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < milliseconds(5000), "it does not come to that");
        tokio::time::sleep(milliseconds(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_call_cancels_it_and_no_other() {
    let directory = tempfile::Builder::new()
        .prefix("plugin-")
        .tempdir_in("/tmp")
        .unwrap();
    let path = directory.path().join("plugin.sock");
    let server = Waits.into_unix_server().bind(&path).unwrap();
    let server = tokio::spawn(server.serve(std::future::pending()));
    let plugin = Arc::new(connect_to("waits", &path, &json!({})).await.unwrap());
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let plugin = Arc::clone(&plugin);
            tokio::spawn(async move { call(&*plugin, "wait", json!({})).await })
        })
        .collect();
    until(|| RUNNING.load(Ordering::SeqCst) == 20).await;
    for call in &calls[..10] {
        call.abort();
    }
    until(|| RUNNING.load(Ordering::SeqCst) == 10).await;
    assert_eq!(
        echo(&call(&*plugin, "other", json!({"n": 1})).await.unwrap())["n"],
        1
    );
    assert_eq!(ENDED.load(Ordering::SeqCst), 10);
    assert!(calls[10..].iter().all(|call| !call.is_finished()));
    // Closing gives up the rest.
    plugin.close().await;
    until(|| RUNNING.load(Ordering::SeqCst) == 0).await;
    for call in calls.into_iter().skip(10) {
        let answer = call.await.unwrap();
        assert!(
            matches!(answer, Err(CallError::ConnectionLost { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(
        call(&*plugin, "other", json!({})).await.unwrap_err(),
        CallError::Closed
    );
    server.abort();
}
