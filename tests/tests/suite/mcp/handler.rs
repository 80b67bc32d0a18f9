//! A plugin as a handler, in a server that somebody else has set up.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use plugin_sdk::{Limits, mcp::McpHandler, prelude::*};
use plugin_sdk_tests::http;
use rmcp::ServiceExt;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

/// Says its name, and notes that it was stopped.
#[plugin(kind = "noting", hooks = [tool_pre_invoke], on_shutdown = stopped)]
#[derive(Default)]
struct Noting(Arc<AtomicBool>);

impl Noting {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        // Not at once, as most hooks that ask somebody.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        Ok(PluginResult::allow().with_metadata("saw", payload.name))
    }

    async fn stopped(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn call() -> serde_json::Value {
    json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "invoke_hook", "arguments": {
            "hook_type": "tool_pre_invoke", "plugin_name": "Noting", "payload": {"name": "search"},
            "context": {"state": {}, "metadata": {}, "global_context": {"request_id": "r"}},
        }},
    })
}

/// What the plugin says in an answer to [`call`].
fn metadata(answer: &serde_json::Value) -> serde_json::Value {
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    let text: serde_json::Value = serde_json::from_str(text).unwrap();
    text["result"]["metadata"].clone()
}

#[tokio::test]
async fn a_handler_is_mounted_in_axum() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut limits = Limits::default();
    limits.max_message_size = 4000;
    let handler = McpHandler::new(Noting::default()).with_limits(limits);
    let app = axum::Router::new().route_service("/mcp", handler);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let send = |changed: &[(&str, &str)], body: String| {
        let mut headers = vec![
            ("host".to_owned(), "any.example".to_owned()),
            (
                "accept".to_owned(),
                "application/json, text/event-stream".to_owned(),
            ),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        for (name, value) in changed {
            headers.retain(|(known, _)| known != name);
            headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        tokio::task::spawn_blocking(move || {
            http::exchange(("127.0.0.1", port), "POST /mcp", &headers, &body).unwrap()
        })
    };
    let answer = send(&[], call().to_string()).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(metadata(&answer), json!({"saw": "search"}), "{answer}");
    for accept in ["*/*", "application/*, text/*"] {
        assert_eq!(
            send(&[("accept", accept)], call().to_string())
                .await
                .unwrap()
                .status,
            200
        );
    }
    for (changed, body, status) in [
        (("accept", "application/json"), call().to_string(), 406),
        (("accept", "*/*;q=0"), call().to_string(), 406),
        (("content-type", "text/plain"), call().to_string(), 400),
        (("accept", "*/*"), format!("[{}]", "1,".repeat(4000)), 413),
        (("accept", "*/*"), "{".to_owned(), 400),
    ] {
        let answer = send(&[changed], body).await.unwrap();
        assert_eq!(answer.status, status, "{changed:?}: {}", answer.body);
    }
}

/// As tower's `oneshot` does, which drops the service before the answer is there.
#[tokio::test]
async fn a_call_outlives_the_handler_that_was_called() {
    use tower::ServiceExt as _;

    let request = ::http::Request::post("/mcp")
        .header("accept", "*/*")
        .header("content-type", "application/json")
        .body(axum::body::Body::from(call().to_string()))
        .unwrap();
    let answer = Noting::default()
        .into_mcp_handler()
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_handler_answers_messages_of_any_transport() {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let handler = Noting(Arc::clone(&is_stopped)).into_mcp_handler();
    let answer = handler.handle(call().to_string().into()).await.unwrap();
    let answer = serde_json::from_slice(&answer).unwrap();
    assert_eq!(metadata(&answer), json!({"saw": "search"}), "{answer}");
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert!(handler.handle(notification.to_string().into()).await.is_none());
    let answer = handler.handle("nonsense".into()).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["error"]["code"], -32700);
    handler.shutdown().await;
    assert!(is_stopped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_handler_is_one_of_rmcp_s() {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let handler = Noting(Arc::clone(&is_stopped)).into_mcp_handler();
    let (client, server) = UnixStream::pair().unwrap();
    let service = handler.clone();
    let serving = tokio::spawn(async move { service.serve(server).await.unwrap().waiting().await });

    let (answers, mut requests) = client.into_split();
    let mut answers = BufReader::new(answers).lines();
    let mut exchange = async |request: serde_json::Value| {
        requests
            .write_all(format!("{request}\n").as_bytes())
            .await
            .unwrap();
        if request["id"].is_null() {
            return request;
        }
        let line = answers.next_line().await.unwrap().unwrap();
        let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], request["id"], "{answer}");
        answer
    };
    let hello = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
    });
    let welcome = exchange(hello.clone()).await;
    assert_eq!(welcome["result"]["protocolVersion"], "2025-06-18", "{welcome}");
    // What the server itself says.
    let own = handler.handle(hello.to_string().into()).await.unwrap();
    let own: serde_json::Value = serde_json::from_slice(&own).unwrap();
    for member in ["capabilities", "serverInfo", "instructions"] {
        assert_eq!(welcome["result"][member], own["result"][member], "{member}");
    }
    exchange(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let answer = exchange(call()).await;
    assert_eq!(metadata(&answer), json!({"saw": "search"}), "{answer}");

    // The end of the connection is that of the service, and not of the plugin.
    drop((requests, answers));
    serving.await.unwrap().unwrap();
    assert!(!is_stopped.load(Ordering::SeqCst));
    handler.shutdown().await;
    assert!(is_stopped.load(Ordering::SeqCst));
}
