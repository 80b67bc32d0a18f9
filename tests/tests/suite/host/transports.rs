//! The same calls over gRPC and MCP, to our servers and to those in Python: whatever carries them, what comes back is the same.

mod grpc;
mod grpc_ends;
mod mcp;
mod mcp_http;
pub(super) mod servers;
mod tls;
mod unix;

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use plugin_sdk::{
    Map, PluginContext,
    hooks::ToolPreInvokePayload,
    host::{CallError, CallOptions, ExternalPlugin, HostError, HostSettings, HostedPlugin, Invoke},
};
use serde_json::{Value as Json, json};

use self::servers::Server;
use super::{call_with, entry_with};

const PATIENCE: Duration = Duration::from_secs(90);

/// Connects with an entry that has this section.
async fn connect_with(section: &Json, settings: &HostSettings) -> Result<ExternalPlugin, HostError> {
    ExternalPlugin::connect(entry_with("Faults", section), settings).await
}

async fn connect(section: &Json) -> ExternalPlugin {
    let mut settings = HostSettings::default();
    // Python takes long to start on a machine that is busy.
    settings.start_timeout = PATIENCE;
    settings.call_timeout = PATIENCE;
    connect_with(section, &settings)
        .await
        .unwrap_or_else(|error| panic!("{section}: {error}"))
}

async fn echo(plugin: &ExternalPlugin, text: &str) -> Result<(), CallError> {
    let options = CallOptions::new().with_timeout(PATIENCE);
    let result = call_with(plugin, "echo", json!({ "text": text }), options).await?;
    assert_eq!(result.metadata["args"]["text"], text);
    Ok(())
}

fn within(milliseconds: u64) -> CallOptions {
    CallOptions::new().with_timeout(Duration::from_millis(milliseconds))
}

/// What every binding does alike.
async fn battery(mut server: Server) {
    let plugin = connect(server.section()).await;
    answers(&plugin, &server).await;
    many_at_once(&plugin).await;
    given_up(&plugin).await;
    if !server.is_python_on_unix() {
        cancelled(&plugin, &server).await;
    }
    lost(&plugin, &mut server).await;
    if server.is_ours() {
        stopped(&plugin, &mut server).await;
    }
    plugin.close().await;
    let closed = echo(&plugin, "closed").await;
    assert_eq!(closed, Err(CallError::Closed));
}

async fn answers(plugin: &ExternalPlugin, server: &Server) {
    use plugin_sdk::hooks::ToolPreInvoke;

    echo(plugin, "é ✓").await.unwrap();
    assert_eq!(plugin.check_health().await, Ok(true));

    let payload = ToolPreInvokePayload::new("echo");
    let mut context = PluginContext::new("r1");
    let result = plugin.invoke::<ToolPreInvoke>(&payload, &mut context).await;
    assert!(result.unwrap().continue_processing);

    let denied = call_with(plugin, "violation", json!({}), CallOptions::new())
        .await
        .unwrap();
    assert!(!denied.continue_processing);
    let violation = denied.violation.unwrap();
    assert_eq!(
        (&*violation.reason, &*violation.code),
        ("denied by `?`", "QUESTION_MARK")
    );

    let Err(CallError::Plugin(error)) = call_with(plugin, "error", json!({}), CallOptions::new()).await
    else {
        panic!("no error of the plugin")
    };
    assert_eq!((&*error.message, &*error.code), ("failed as asked", "E42"));
    assert_eq!((&*error.plugin_name, error.mcp_error_code), ("Faults", -32001));
    if server.is_python_on_unix() {
        assert!(error.details.is_empty());
    } else {
        assert_eq!(error.details["tool"], "error");
    }

    let mut context = PluginContext::new("r1");
    let unknown = plugin
        .invoke_by_name("prompt_pre_fetch", &Map::new(), &mut context)
        .await;
    assert!(matches!(unknown, Err(CallError::NotFound(_))), "{unknown:?}");
}

/// Each caller gets its own answer, the last one first.
async fn many_at_once(plugin: &ExternalPlugin) {
    let calls = (0..20u64).map(|number| async move {
        let args = json!({"milliseconds": 400 - number * 20, "number": number});
        let result = call_with(plugin, "wait", args, within(20_000)).await.unwrap();
        let found = result.metadata.get("args");
        // The plugin in Rust says nothing more about a wait than what it was given.
        assert_eq!(found.and_then(|args| args["number"].as_u64()), Some(number));
    });
    let mut running = Vec::new();
    for call in calls {
        running.push(Box::pin(call));
    }
    let started = Instant::now();
    join_all(running).await;
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}

async fn join_all<F: Future<Output = ()> + Unpin>(mut futures: Vec<F>) {
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| std::pin::Pin::new(future).poll(context).is_pending());
        if futures.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// A call that is late, and one whose caller went away, disturb no other.
async fn given_up(plugin: &ExternalPlugin) {
    for _ in 0..5 {
        let late = call_with(plugin, "wait", json!({"milliseconds": 3000}), within(150)).await;
        let Err(CallError::Timeout { after, may_be_seen }) = late else {
            panic!("{late:?} is no timeout")
        };
        assert_eq!((after, may_be_seen), (Duration::from_millis(150), true));
        let other = echo(plugin, "another");
        let dropped = tokio::time::timeout(
            Duration::from_millis(50),
            call_with(plugin, "wait", json!({"milliseconds": 3000}), within(20_000)),
        );
        let (other, dropped) = tokio::join!(other, dropped);
        assert!(other.is_ok() && dropped.is_err(), "{other:?} {dropped:?}");
        echo(plugin, "after it").await.unwrap();
    }
}

/// What nobody waits for any more is given up on the server too.
async fn cancelled(plugin: &ExternalPlugin, server: &Server) {
    let late = call_with(
        plugin,
        "panic-in-drop",
        json!({"milliseconds": 60_000}),
        within(300),
    )
    .await;
    assert!(matches!(late, Err(CallError::Timeout { .. })), "{late:?}");
    let started = Instant::now();
    // The Python plugin says so; of ours the log has the place.
    let is_dropped = |log: &str| log.contains("dropped") || log.contains("a destructor of a plugin panicked");
    while !is_dropped(&server.log()) {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the server goes on with it:\n{}",
            server.log()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    echo(plugin, "after it").await.unwrap();
}

/// A server that is told to stop while calls come in answers each of them, or did not see it. HTTP/1.1 alone has no word for that: of a
/// request that is on its way when an idle connection ends, a host can't know, and says so.
async fn stopped(plugin: &ExternalPlugin, server: &mut Server) {
    let can_be_unknown = server.is_over_http();
    let calls = |caller: u64| async move {
        for number in 0..40_u64 {
            let args = json!({"milliseconds": 10, "caller": caller, "number": number});
            loop {
                match call_with(plugin, "wait", args.clone(), within(15_000)).await {
                    Ok(result) => {
                        assert_eq!(super::echo(&result), args);
                        break;
                    }
                    // While there is no server.
                    Err(CallError::Unreachable { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
                    Err(CallError::ConnectionLost { .. }) if can_be_unknown => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    };
    let mut callers: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for caller in 0..4 {
        callers.push(Box::pin(calls(caller)));
    }
    let stopping = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            server.stop().await;
            server.restart();
        }
    };
    tokio::join!(join_all(callers), stopping);
}

/// The end of a connection takes a moment to arrive; a call on its way then may have been seen.
async fn noticed() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// The server is killed, during a call and between calls, and comes back.
async fn lost(plugin: &ExternalPlugin, server: &mut Server) {
    let running = call_with(plugin, "wait", json!({"milliseconds": 10_000}), within(15_000));
    let killing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill();
    };
    let (outcome, ()) = tokio::join!(running, killing);
    assert!(
        matches!(outcome, Err(CallError::ConnectionLost { .. })),
        "killed during the call: {outcome:?}"
    );
    if !server.starts_by_itself() {
        let outcome = call_with(plugin, "echo", json!({}), within(15_000)).await;
        assert!(
            matches!(outcome, Err(CallError::Unreachable { .. })),
            "while there is no server: {outcome:?}"
        );
    }
    server.restart();
    noticed().await;
    echo(plugin, "it is back").await.unwrap();
    // Between calls.
    server.kill();
    server.restart();
    noticed().await;
    echo(plugin, "it is back again").await.unwrap();
}
