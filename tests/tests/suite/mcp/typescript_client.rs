//! The client of the official MCP SDK for TypeScript against the server. The program is `tests/conformance/client.mjs`.

use std::fs;

use plugin_sdk_tests::process::{ServerProcess, free_port};

use crate::{conformance::with_node, installation::Failed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_probe-plugin");
const CONFIGURATION: &str = "plugins: [{name: P, kind: probe, hooks: [tool_pre_invoke]}]";

#[test]
fn over_http() -> Result<(), Failed> {
    let port = free_port().unwrap().to_string();
    let _server = ServerProcess::start_with(PROGRAM, CONFIGURATION, |command| {
        command
            .env("PLUGINS_TRANSPORT", "http")
            .env("PLUGINS_SERVER_PORT", &port);
    })
    .unwrap();
    with_node("the TypeScript client over HTTP", |installed| {
        installed.run_client(&["http", &format!("http://localhost:{port}/mcp")])
    })
}

#[test]
fn over_standard_input_and_output() -> Result<(), Failed> {
    let directory = tempfile::tempdir().unwrap();
    let configuration = directory.path().join("plugins.yaml");
    fs::write(&configuration, CONFIGURATION).unwrap();
    with_node(
        "the TypeScript client over standard input and output",
        |installed| installed.run_client(&["stdio", PROGRAM, configuration.to_str().unwrap()]),
    )
}
