//! The host half: plugins called from Rust, over real sockets and in the same process.

mod battery;
mod config;
mod deep;
mod envelope;
mod in_flight;
mod lost;
mod numbers;
mod python;
mod results;
mod returned;
mod transports;
mod wrapper;

use std::{path::Path, time::Duration};

use plugin_sdk::{
    Map, PluginContext, PluginResult, Value,
    host::{
        CallError, CallOptions, ExternalPlugin, ExternalPluginConfig, HostError, HostSettings, HostedPlugin,
        Invoke,
    },
};
use plugin_sdk_tests::process::{ServerProcess, free_port};
use serde_json::{Value as Json, json};

/// An object.
fn map(json: Json) -> Map {
    match Value::from(json) {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// The entry of the gateway for a plugin behind a Unix socket.
fn entry(name: &str, path: &Path, section: &Json) -> ExternalPluginConfig {
    let mut unix_socket = json!({"path": path, "reconnect_attempts": 0});
    merge(&mut unix_socket, section);
    entry_with(name, &json!({ "unix_socket": unix_socket }))
}

/// The entry of the gateway for a plugin that is reached as the section says.
pub(crate) fn entry_with(name: &str, section: &Json) -> ExternalPluginConfig {
    let mut entry = json!({"name": name, "kind": "external"});
    merge(&mut entry, section);
    ExternalPluginConfig::new(&map(entry)).unwrap()
}

fn merge(into: &mut Json, fields: &Json) {
    for (key, value) in fields.as_object().unwrap() {
        into[key] = value.clone();
    }
}

async fn connect_to(name: &str, path: &Path, section: &Json) -> Result<ExternalPlugin, HostError> {
    ExternalPlugin::connect(entry(name, path, section), &HostSettings::default()).await
}

async fn connect_with(name: &str, section: &Json) -> Result<ExternalPlugin, HostError> {
    ExternalPlugin::connect(entry_with(name, section), &HostSettings::default()).await
}

/// The plugin that misbehaves on request, behind a server.
async fn faults(path: &Path, section: &Json) -> ExternalPlugin {
    connect_to("Faults", path, section).await.unwrap()
}

fn fault_server(variables: &[(&str, &str)]) -> ServerProcess {
    let file = "plugins: [{name: Faults, kind: faults}]";
    ServerProcess::start_with(env!("CARGO_BIN_EXE_fault-plugin"), file, |command| {
        command.envs(variables.iter().copied());
    })
    .unwrap()
}

/// A server on every transport that a process can serve at once, and how each is written in the gateway's file.
fn everywhere(program: &str, file: &str) -> (ServerProcess, Vec<(&'static str, Json)>) {
    let (grpc, http) = (free_port().unwrap().to_string(), free_port().unwrap().to_string());
    let server = ServerProcess::start_with(program, file, |command| {
        command
            .args([
                "serve",
                "--transport",
                "unix",
                "--transport",
                "grpc",
                "--transport",
                "http",
            ])
            .envs([
                ("PLUGINS_GRPC_SERVER_PORT", &grpc),
                ("PLUGINS_SERVER_PORT", &http),
            ]);
    });
    let server = server.unwrap();
    let configuration = server.configuration();
    let sections = vec![
        ("unix", json!({"unix_socket": {"path": server.socket()}})),
        ("grpc", json!({"grpc": {"target": format!("127.0.0.1:{grpc}")}})),
        (
            "http",
            json!({"mcp": {"proto": "STREAMABLEHTTP", "url": format!("http://localhost:{http}/mcp")}}),
        ),
        (
            "stdio",
            json!({"mcp": {
                "proto": "STDIO", "cmd": [program, "serve", "--transport", "stdio"], "env": {"PLUGINS_CONFIG_PATH": configuration}
            }}),
        ),
    ];
    (server, sections)
}

/// Calls `tool_pre_invoke` with the name and the arguments of a tool.
pub(crate) async fn call_with(
    plugin: &(impl HostedPlugin + ?Sized),
    name: &str,
    args: Json,
    options: CallOptions,
) -> Result<PluginResult<Map>, CallError> {
    let payload = map(json!({"name": name, "args": args}));
    let mut context = PluginContext::new("request-1");
    plugin
        .invoke_by_name_with("tool_pre_invoke", &payload, &mut context, options)
        .await
}

async fn call(
    plugin: &(impl HostedPlugin + ?Sized),
    name: &str,
    args: Json,
) -> Result<PluginResult<Map>, CallError> {
    call_with(plugin, name, args, CallOptions::new()).await
}

/// The arguments that a fault plugin gives back.
fn echo(result: &PluginResult<Map>) -> Json {
    Json::from(result.metadata["args"].clone())
}

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}
