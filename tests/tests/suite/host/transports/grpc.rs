//! gRPC, on TCP and on a Unix socket.

use std::time::Duration;

use plugin_sdk::host::{CallError, HostError, HostSettings};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpListener};

use super::{
    battery, call_with, connect_with, echo,
    servers::{Program, Server, free_port},
    within,
};

#[tokio::test]
async fn our_server_on_tcp() {
    battery(Server::grpc_tcp(Program::Ours).unwrap()).await;
}

#[tokio::test]
async fn our_server_on_a_socket() {
    battery(Server::grpc_socket(Program::Ours).unwrap()).await;
}

#[tokio::test]
async fn the_python_server_on_tcp() {
    if let Some(server) = Server::grpc_tcp(Program::Python) {
        battery(server).await;
    }
}

#[tokio::test]
async fn the_python_server_on_a_socket() {
    if let Some(server) = Server::grpc_socket(Program::Python) {
        battery(server).await;
    }
}

/// It has the services under their older name.
#[tokio::test]
async fn the_python_server_of_1_0_0() {
    if let Some(server) = Server::grpc_tcp(Program::OlderPython) {
        battery(server).await;
    }
}

#[tokio::test]
async fn sizes_are_bounded_in_both_directions() {
    let server = Server::grpc_tcp(Program::Ours).unwrap();
    let mut settings = HostSettings::default();
    settings.max_message_size = 100_000;
    let plugin = connect_with(server.section(), &settings).await.unwrap();
    let answer = call_with(&plugin, "big", json!({"size": 200_000}), within(10_000)).await;
    assert!(matches!(answer, Err(CallError::TooLarge { .. })), "{answer:?}");
    let request = call_with(
        &plugin,
        "echo",
        json!({"text": "x".repeat(200_000)}),
        within(10_000),
    )
    .await;
    assert!(matches!(request, Err(CallError::TooLarge { .. })), "{request:?}");
    echo(&plugin, "x").await.unwrap();
}

/// Something that listens but is no server of plugins is told apart, and nothing waits for it for long.
#[tokio::test]
async fn strangers_are_named() {
    let mut settings = HostSettings::default();
    settings.connect_timeout = Duration::from_millis(300);
    for (says, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "without gRPC"),
        (b"", "closed the connection"),
        (b"220 mail.example ESMTP\r\n", "does not speak gRPC"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(says).await;
                // Read, so that the connection does not end with a reset.
                let mut buffer = [0; 1024];
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await;
            }
        });
        let section = json!({"grpc": {"target": format!("127.0.0.1:{port}")}});
        let error = unreachable(connect_with(&section, &settings).await.err());
        assert!(error.contains(expected), "{error}");
        serving.abort();
    }
    // Accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let section = json!({"grpc": {"target": format!("127.0.0.1:{port}")}});
    let error = unreachable(connect_with(&section, &settings).await.err());
    assert!(error.contains("said nothing within 0.3 s"), "{error}");
    // Does not listen.
    let section = json!({"grpc": {"target": format!("127.0.0.1:{}", free_port())}});
    let error = unreachable(connect_with(&section, &settings).await.err());
    assert!(error.contains("refused"), "{error}");
}

fn unreachable(error: Option<HostError>) -> String {
    match error {
        Some(HostError::Connect {
            error: CallError::Unreachable { message },
            ..
        }) => message,
        other => panic!("{other:?}"),
    }
}
