//! The client of rmcp, the official MCP SDK for Rust, against the server: with a handshake, and in the way of revision 2026-07-28.

use std::process::Stdio;

use plugin_sdk_tests::process::{ServerProcess, without_settings};
use rmcp::{
    RoleClient,
    model::{CallToolRequestParams, ClientConfig, ProtocolVersion},
    service::{ClientLifecycleMode, RunningService, serve_client_with_lifecycle},
    transport::StreamableHttpClientTransport,
};
use serde_json::{Value, json};
use tokio::process::Command;

const CONFIGURATION: &str = "plugins: [{name: P, kind: probe, hooks: [tool_pre_invoke]}]";

fn lifecycles() -> [(ClientLifecycleMode, &'static str); 2] {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    [
        (ClientLifecycleMode::Initialize, "2025-11-25"),
        (ClientLifecycleMode::Discover { preferred_versions }, "2026-07-28"),
    ]
}

async fn exercise(client: RunningService<RoleClient, ClientConfig>, version: &str) {
    let server = client.peer_info().expect("the server says nothing of itself");
    assert_eq!(server.protocol_version.as_str(), version);
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["get_plugin_configs", "get_plugin_config", "invoke_hook"]);
    assert!(client.list_all_prompts().await.unwrap().is_empty());
    assert!(client.list_all_resources().await.unwrap().is_empty());
    assert!(client.list_all_resource_templates().await.unwrap().is_empty());

    let mut call = CallToolRequestParams::new("invoke_hook");
    call.arguments = json!({
        "hook_type": "tool_pre_invoke", "plugin_name": "P", "payload": {"name": "search", "args": {"q": "crap"}},
        "context": {"state": {}, "metadata": {}, "global_context": {"request_id": "r"}},
    })
    .as_object()
    .cloned();
    for _ in 0..3 {
        let result = client.call_tool(call.clone()).await.unwrap();
        let text = &result.content[0].as_text().unwrap().text;
        let answer: Value = serde_json::from_str(text).unwrap();
        assert_eq!(answer["plugin_name"], "P", "{answer}");
        assert!(answer["result"].is_object(), "{answer}");
    }
    let mut configs = CallToolRequestParams::new("get_plugin_configs");
    configs.arguments = Some(serde_json::Map::new());
    let result = client.call_tool(configs).await.unwrap();
    assert_eq!(result.structured_content.unwrap()["result"][0]["name"], "P");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn over_http() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("mcp.sock");
    let _server = ServerProcess::start_with(env!("CARGO_BIN_EXE_probe-plugin"), CONFIGURATION, |command| {
        command
            .env("PLUGINS_TRANSPORT", "http")
            .env("PLUGINS_SERVER_UDS", &socket);
    })
    .unwrap();
    for (lifecycle, version) in lifecycles() {
        let transport =
            StreamableHttpClientTransport::from_unix_socket(socket.to_str().unwrap(), "http://localhost/mcp");
        let client = serve_client_with_lifecycle(ClientConfig::default(), transport, lifecycle)
            .await
            .unwrap();
        exercise(client, version).await;
    }
}

#[tokio::test]
async fn over_standard_input_and_output() {
    let directory = tempfile::tempdir().unwrap();
    let configuration = directory.path().join("plugins.yaml");
    std::fs::write(&configuration, CONFIGURATION).unwrap();
    for (lifecycle, version) in lifecycles() {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_probe-plugin"));
        without_settings(&mut command)
            .env("PLUGINS_CONFIG_PATH", &configuration)
            .env("PLUGINS_TRANSPORT", "stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut server = Command::from(command).spawn().unwrap();
        let streams = (server.stdout.take().unwrap(), server.stdin.take().unwrap());
        let client = serve_client_with_lifecycle(ClientConfig::default(), streams, lifecycle)
            .await
            .unwrap();
        exercise(client, version).await;
        assert!(server.wait().await.unwrap().success());
    }
}
