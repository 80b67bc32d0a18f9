//! MCP, over HTTP and with a child process.

use std::{
    path::Path,
    time::{Duration, Instant},
};

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

/// A child that writes without end holds up neither a deadline nor the end of the host, on a runtime with one thread too.
#[test]
fn a_child_that_floods_its_output_delays_nothing() {
    let initialized = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"x","version":"1"}}}"#;
    let script = format!("read line; echo '{initialized}'; exec yes");
    let mut settings = HostSettings::default();
    settings.call_timeout = Duration::from_secs(1);
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime
        .block_on(connect_with(&stdio(&["sh", "-c", &script]), &settings))
        .err();
    assert!(
        matches!(
            &error,
            Some(HostError::Connect {
                error: CallError::Timeout { .. },
                ..
            })
        ),
        "{error:?}"
    );
    drop(runtime);
    // 1 s for the call, and 2 s for the child to end.
    assert!(
        began.elapsed() < Duration::from_millis(4500),
        "it took {:?}",
        began.elapsed()
    );
}

/// What a server says is shown to people, not to their terminals.
#[tokio::test]
async fn the_text_of_an_error_shows_escape_sequences() {
    let refused =
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"\u001b[31mred\u001b[0m\nnext"}}"#;
    let script = format!("read line; printf '%s\\n' '{refused}'; read line");
    let error = connect_with(&stdio(&["sh", "-c", &script]), &HostSettings::default())
        .await
        .err();
    let text = error.unwrap().to_string();
    assert!(text.contains("\\u{1b}[31mred\\u{1b}[0m\\nnext"), "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
}
