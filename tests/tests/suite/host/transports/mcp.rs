//! MCP, over HTTP and with a child process.

use std::{path::Path, time::Duration};

use plugin_sdk::host::{CallError, HostError, HostSettings, HostedPlugin};
use serde_json::{Value as Json, json};

use super::{
    battery, call_with, connect, connect_with, echo,
    servers::{Program, Server},
    within,
};

#[tokio::test]
async fn our_server_on_tcp() {
    battery(Server::http_tcp(Program::Ours, &[]).unwrap()).await;
}

#[tokio::test]
async fn our_server_with_sessions() {
    battery(Server::http_tcp(Program::Ours, &[("PLUGINS_SERVER_SESSIONS", "true")]).unwrap()).await;
}

#[tokio::test]
async fn our_server_on_a_socket() {
    battery(Server::http_socket(Program::Ours).unwrap()).await;
}

#[tokio::test]
async fn our_server_as_a_child() {
    battery(Server::stdio(Program::Ours).unwrap()).await;
}

#[tokio::test]
async fn the_python_server_on_tcp() {
    if let Some(server) = Server::http_tcp(Program::Python, &[]) {
        battery(server).await;
    }
}

#[tokio::test]
async fn the_python_server_on_a_socket() {
    if let Some(server) = Server::http_socket(Program::Python) {
        battery(server).await;
    }
}

#[tokio::test]
async fn the_python_server_as_a_child() {
    if let Some(server) = Server::stdio(Program::Python) {
        battery(server).await;
    }
}

#[tokio::test]
async fn sizes_are_bounded() {
    for server in [
        Server::http_tcp(Program::Ours, &[]).unwrap(),
        Server::stdio(Program::Ours).unwrap(),
    ] {
        let mut settings = HostSettings::default();
        settings.max_message_size = 100_000;
        let plugin = connect_with(server.section(), &settings).await.unwrap();
        let late = call_with(
            &plugin,
            "wait",
            json!({"milliseconds": 500, "n": 1}),
            within(10_000),
        );
        let large = call_with(&plugin, "big", json!({"size": 300_000}), within(10_000));
        let (late, large) = tokio::join!(late, large);
        assert!(matches!(large, Err(CallError::TooLarge { .. })), "{large:?}");
        assert_eq!(late.unwrap().metadata["args"]["n"], 1);
        echo(&plugin, "x").await.unwrap();
        plugin.close().await;
    }
}

fn stdio(command: &[&str]) -> Json {
    json!({"mcp": {"proto": "STDIO", "cmd": command, "reconnect_delay": 0.05}})
}

fn message(error: Option<HostError>) -> String {
    match error {
        Some(HostError::Connect {
            error: CallError::Unreachable { message },
            ..
        }) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_program_that_can_t_serve_is_named() {
    let mut settings = HostSettings::default();
    settings.start_timeout = Duration::from_millis(500);
    for (command, expected) in [
        (&["/no/such/program"][..], "/no/such/program"),
        (&["sh", "-c", "exit 3"], "exit status: 3"),
        (&["sh", "-c", "exec sleep 60"], "did not answer to initialize"),
        (
            &["sh", "-c", "read line; echo nonsense; exit 4"],
            "exit status: 4",
        ),
    ] {
        let error = message(connect_with(&stdio(command), &settings).await.err());
        assert!(error.contains(expected), "{command:?}: {error}");
    }
}

/// A child ends when its input does, and is gone when the plugin is dropped.
#[tokio::test]
async fn no_child_is_left_behind() {
    let is_there = |child: &str| {
        let status = std::fs::read_to_string(Path::new("/proc").join(child).join("stat"));
        status.is_ok_and(|status| !status.contains(") Z "))
    };
    let server = Server::stdio(Program::Ours).unwrap();
    let plugin = connect(server.section()).await;
    let child = server.child().unwrap();
    assert!(is_there(&child));
    plugin.close().await;
    assert!(!is_there(&child), "after close");

    let plugin = connect(server.section()).await;
    let child = server.child().unwrap();
    assert!(is_there(&child));
    drop(plugin);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!is_there(&child), "after drop");
}
