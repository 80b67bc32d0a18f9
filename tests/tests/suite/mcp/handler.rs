//! A plugin as a handler of rmcp, in a server that somebody else has set up.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use plugin_sdk::prelude::*;
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
        Ok(PluginResult::allow().with_metadata("saw", payload.name))
    }

    async fn stopped(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_handler_is_served_over_a_socket_of_the_author_s_own() {
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
    let welcome = exchange(json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
    }))
    .await;
    assert_eq!(welcome["result"]["protocolVersion"], "2025-06-18", "{welcome}");
    exchange(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let answer = exchange(json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "invoke_hook", "arguments": {
            "hook_type": "tool_pre_invoke", "plugin_name": "Noting", "payload": {"name": "search"},
            "context": {"state": {}, "metadata": {}, "global_context": {"request_id": "r"}},
        }},
    }))
    .await;
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    let text: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(text["result"]["metadata"], json!({"saw": "search"}), "{answer}");

    // The end of the connection is that of the service, and not of the plugin.
    drop((requests, answers));
    serving.await.unwrap().unwrap();
    assert!(!is_stopped.load(Ordering::SeqCst));
    handler.shutdown().await;
    assert!(is_stopped.load(Ordering::SeqCst));
}
