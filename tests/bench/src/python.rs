//! The Python framework, as it is published: its servers with a plugin that does what ours does, and its host.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use plugin_sdk_tests::{installation::python_environment, process::without_settings};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Result,
    load::http::{self, post},
    server::{Address, Server, Transport, listening},
};

/// The first message of a session.
pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;
/// What follows the answer to it.
pub(crate) const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where things are installed and generated, below the target directory: the tests install the same there.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program
        .ancestors()
        .nth(2)
        .ok_or("the program is in no target directory")?;
    Ok(target.join("tmp"))
}

/// A command of the Python that has the framework, which is installed unless an earlier run did it.
pub(crate) fn command() -> Result<Command> {
    let requirements = package().join("../host/requirements.txt");
    let python = python_environment(&target()?, "host", &requirements, &[])?;
    let mut command = Command::new(python);
    without_settings(&mut command)
        .env("PYTHONPATH", package().join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// The command of the Python server, which a transport's settings make listen.
pub(crate) fn server_command(module: &str) -> Result<Command> {
    let mut command = command()?;
    command
        .args(["-m", &format!("cpex.framework.external.{module}.server.runtime")])
        .env("PLUGINS_CONFIG_PATH", package().join("python/plugins.yaml"));
    Ok(command)
}

/// The Python server.
pub(crate) fn server(transport: Transport) -> Result<Server> {
    Server::start(transport, |address, _| {
        let mut command = server_command(match transport {
            Transport::Unix => "unix",
            Transport::Grpc | Transport::GrpcUnix => "grpc",
            Transport::Http => "mcp",
        })?;
        listening(&mut command, transport, address);
        Ok(command)
    })
}

/// The headers that a client of this server sends from its second request on: the Python server wants a session.
pub(crate) fn session_headers(address: &Address) -> Result<String> {
    const VERSION: &str = "MCP-Protocol-Version: 2025-11-25\r\n";
    let Address::Port(port) = address else {
        return Err("the server has no port".into());
    };
    let answer = http::once(address, &post(*port, "", INITIALIZE))?;
    let headers = match answer.session {
        Some(session) => format!("{VERSION}Mcp-Session-Id: {session}\r\n"),
        None => VERSION.to_owned(),
    };
    http::once(address, &post(*port, &headers, INITIALIZED))?;
    Ok(headers)
}

/// Calls per second of the host to two servers, in rounds.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct HostRounds(pub(crate) Vec<(f64, f64)>);

/// Runs the host with a task for `host_calls.py`.
pub(crate) fn host_calls(task: &Value) -> Result<HostRounds> {
    let mut command = command()?;
    command
        .arg(package().join("python/host_calls.py"))
        // The host would refuse an address of this machine.
        .env("PLUGINS_SSRF_PROTECTION_ENABLED", "false")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{task}")?;
    }
    let output = child.wait_with_output()?;
    let written = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&written).map_err(|error| {
        let errors = String::from_utf8_lossy(&output.stderr);
        format!(
            "the Python host ended with {}: {error}\n{written}\n{errors}",
            output.status
        )
        .into()
    })
}
