//! The test kit: cases over every transport, and what a failure says.

use std::{
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicUsize, Ordering},
};

use plugin_sdk::{
    hooks::{
        CmfLlmInput, HttpPreRequest, ToolPostInvoke, ToolPreInvoke,
        message::{ContentPart, Message, Role},
    },
    prelude::*,
    testing::{AssertResult, TestPlugin, configured, on_every_transport},
};
use plugin_sdk_tests::probe::ProbePlugin;
use serde_json::json;

/// Everything that a hook may do: pass, change, deny, fail, remember.
#[tokio::test]
async fn a_real_plugin_answers_the_same_everywhere() {
    let runs = AtomicUsize::new(0);
    let make = async || {
        let settings = json!({"words": [{"search": "crab", "replace": "lobster"}]});
        configured::<ProbePlugin>(settings).await.unwrap()
    };
    on_every_transport(make, async |plugin| {
        runs.fetch_add(1, Ordering::Relaxed);
        let search = |query: &str| ToolPreInvokePayload::new("search").with_arg("query", query);
        plugin
            .call::<ToolPreInvoke>(search("fish"))
            .await
            .assert_allowed();
        let answer = plugin
            .call::<ToolPreInvoke>(search("crab").with_arg("limit", 3))
            .await;
        answer.assert_modified_to(search("lobster").with_arg("limit", 3));
        assert_eq!(answer.assert_modified().args["limit"], 3);
        let denial = plugin.call::<ToolPreInvoke>(search("forbidden")).await;
        assert_eq!(denial.assert_denied("PROBE_FORBIDDEN").code, "PROBE_FORBIDDEN");
        plugin
            .call::<ToolPreInvoke>(search("explode"))
            .await
            .assert_failed("");

        let mut context = PluginContext::new("request-7")
            .with_user("jane@example.com")
            .with_tenant("acme")
            .with_server("tools")
            .with_state("kept", 2.5)
            .with_metadata("noted", "é")
            .with_shared_state("budget", 10)
            .with_shared_metadata("origin", "test");
        let asks = json!({"echo_context": true, "state": {"seen": [1, null]}, "global_state": {"h": 1}});
        let payload = ToolPreInvokePayload::new("search").with_arg("probe", Value::from(asks));
        let answer = plugin
            .call::<ToolPreInvoke>(payload)
            .with_context(&mut context)
            .await;
        assert!(answer.unwrap().continue_processing);
        assert_eq!(context.state()["seen"], Value::from(json!([1, null])));
        assert_eq!(context.state()["kept"], 2.5);
        assert_eq!(context.global_context().state()["h"], 1);
        let after = ToolPostInvokePayload::new("search", "crab cake");
        let answer = plugin
            .call::<ToolPostInvoke>(after)
            .with_context(&mut context)
            .await;
        assert_eq!(answer.assert_modified().result, "lobster cake");

        let request = HttpPreRequestPayload::new("/", "GET").with_header("a", "crab");
        let answer = plugin.call::<HttpPreRequest>(request).await;
        assert!(answer.unwrap().continue_processing);
        let crab = ContentPart::text("crab");
        let message = CmfLlmInputPayload::new(Message::new(Role::User).with_part(crab));
        plugin.call::<CmfLlmInput>(message).await.assert_modified();
    })
    .await;
    assert_eq!(runs.into_inner(), 5, "in process, Unix, gRPC, HTTP, pipes");
}

/// Answers another way each time that one is made.
#[plugin(hooks = [tool_pre_invoke], on_shutdown = close)]
#[derive(Default)]
struct Fickle(usize);

static CLOSED: AtomicUsize = AtomicUsize::new(0);

impl Fickle {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if payload.name == "stable" {
            return Ok(PluginResult::allow());
        }
        Ok(PluginResult::modify_payload(payload.with_arg("made", self.0)))
    }

    async fn close(&self) {
        CLOSED.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_difference_names_the_transport_the_call_and_what_differs() {
    let count = AtomicUsize::new(0);
    let make = async || Fickle(count.fetch_add(1, Ordering::Relaxed) / 2);
    let case = async |plugin: &TestPlugin| {
        plugin
            .call::<ToolPreInvoke>(ToolPreInvokePayload::new("stable"))
            .await
            .assert_allowed();
        plugin
            .call::<ToolPreInvoke>(ToolPreInvokePayload::new("search"))
            .await
            .assert_modified();
    };
    let message = panic_of(on_every_transport(make, case)).await;
    for part in [
        file!(),
        "call 2 (tool_pre_invoke) is answered in another way over gRPC than in process",
        "--- in process\n+++ over gRPC\n",
        "\n-        \"made\": 0\n+        \"made\": 1\n",
    ] {
        assert!(message.contains(part), "{part:?} is not in:\n{message}");
    }
    assert_eq!(CLOSED.load(Ordering::Relaxed), 3, "in process, Unix, gRPC");
}

#[tokio::test]
async fn calls_that_one_transport_lacks_are_noticed() {
    let case = async |plugin: &TestPlugin| {
        if plugin.way() == "in process" {
            plugin
                .call::<ToolPreInvoke>(ToolPreInvokePayload::new("stable"))
                .await
                .assert_allowed();
        }
    };
    let message = panic_of(on_every_transport(async || Fickle(0), case)).await;
    assert!(
        message.ends_with("there are 0 calls over a Unix socket, and 1 in process"),
        "{message}"
    );
}

#[tokio::test]
async fn a_check_that_does_not_hold_shows_what_was_there() {
    let plugin = TestPlugin::new(Fickle(7));
    let changed = plugin
        .call::<ToolPreInvoke>(ToolPreInvokePayload::new("search"))
        .await;
    let message = panic_of(async {
        let _ = changed.assert_allowed();
    })
    .await;
    assert_eq!(
        message,
        "expected the call to pass as it is, found the call passing with another payload\n{\n  \
         \"continue_processing\": true,\n  \"modified_payload\": {\n    \"args\": {\n      \"made\": 7\n    },\n    \
         \"name\": \"search\"\n  }\n}"
    );
    let message =
        panic_of(async { changed.assert_modified_to(json!({"name": "search", "args": {"made": 8}})) }).await;
    assert_eq!(
        message,
        "the payload is not the expected one\n--- expected\n+++ found\n@@ -1,6 +1,6 @@\n {\n   \"args\": {\n\
         -    \"made\": 8\n+    \"made\": 7\n   },\n   \"name\": \"search\"\n }\n"
    );
    let message = panic_of(async {
        let _ = changed.assert_denied("NO");
    })
    .await;
    assert!(
        message.starts_with(
            "expected a denial with the code \"NO\", found the call passing with another payload\n{"
        ),
        "{message}"
    );
    let denial = PluginResult::<ToolPreInvokePayload>::deny(PluginViolation::new("reason", "YES"));
    let message = panic_of(async {
        let _ = denial.assert_denied("NO");
    })
    .await;
    let expected = "expected a denial with the code \"NO\", found a denial with the code \"YES\"\n{\n";
    assert!(message.starts_with(expected), "{message}");
    let error: HookResult<ToolPreInvokePayload> =
        Err(PluginError::new("the server is down").with_code("DOWN"));
    error.assert_failed("DOWN");
    let message = panic_of(async {
        let _ = error.assert_allowed();
    })
    .await;
    let expected =
        "expected the call to pass as it is, found an error with the code \"DOWN\": the server is down";
    assert_eq!(message, expected);
}

/// The hook methods of a plugin are called as they are, without any kit, and their results are checked the same way.
#[tokio::test]
async fn a_plugin_is_plain_data() {
    let payload = ToolPreInvokePayload::new("search");
    let answer = Fickle(3)
        .tool_pre_invoke(payload, &mut PluginContext::new("request-1"))
        .await;
    assert_eq!(answer.assert_modified().args["made"], 3);
}

/// What a future panics with.
async fn panic_of(future: impl Future<Output = ()>) -> String {
    let mut future = std::pin::pin!(future);
    let panic = std::future::poll_fn(|context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(|()| None),
            Err(panic) => std::task::Poll::Ready(Some(panic)),
        }
    })
    .await
    .expect("it panics");
    panic.downcast_ref::<String>().expect("a message").clone()
}
