//! MCP over HTTP: what a server may have seen, and what becomes of sessions and connections, by what a server does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use plugin_sdk::host::{CallError, CallOptions, ExternalPlugin};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{call_with, connect};

/// What the server does to one call; it shakes hands and tells the configuration by itself.
#[derive(Clone, Copy)]
enum Step {
    Answer,
    /// As a stream of events, with another event before it.
    Event,
    /// And closes the connection, without having said so.
    AnswerAndClose,
    Close,
    Forget,
    Status(&'static str),
}

#[derive(Clone, Default)]
struct Seen {
    steps: Arc<Mutex<Vec<Step>>>,
    connections: Arc<Mutex<usize>>,
    handshakes: Arc<Mutex<usize>>,
}

/// A plugin behind a server with sessions, that does one step after the other.
struct Server {
    plugin: ExternalPlugin,
    seen: Seen,
}

async fn server(steps: &[Step]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/mcp", listener.local_addr().unwrap().port());
    let seen = Seen::default();
    seen.steps.lock().unwrap().extend(steps.iter().rev());
    let serving = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *serving.connections.lock().unwrap() += 1;
            tokio::spawn(serve(BufReader::new(stream), serving.clone()));
        }
    });
    let section = json!({"mcp": {"proto": "STREAMABLEHTTP", "url": url, "reconnect_attempts": 0}});
    Server {
        plugin: connect(&section).await,
        seen,
    }
}

async fn serve(mut stream: BufReader<TcpStream>, seen: Seen) -> Option<()> {
    loop {
        let body = read(&mut stream).await?;
        if body.contains("\"initialize\"") {
            *seen.handshakes.lock().unwrap() += 1;
            let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}"#;
            write(
                &mut stream,
                "200 OK\r\nmcp-session-id: s",
                "application/json",
                answer,
            )
            .await?;
            continue;
        }
        if body.contains("notifications/") {
            write(&mut stream, "202 Accepted", "application/json", "").await?;
            continue;
        }
        let id = body.split("\"id\":").nth(1)?.split(',').next()?;
        let (text, step) = if body.contains("get_plugin_config") {
            (json!({"name": "Faults", "kind": "x"}), Step::Answer)
        } else {
            let answer = json!({"plugin_name": "Faults", "result": {"continue_processing": true}});
            (answer, seen.steps.lock().unwrap().pop()?)
        };
        let content = json!([{"type": "text", "text": text.to_string()}]);
        let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":{content}}}}}"#);
        let (status, content_type, answer) = match step {
            Step::Answer | Step::AnswerAndClose => ("200 OK", "application/json", answer),
            Step::Event => {
                let before = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#;
                let events = format!("data: {before}\r\n\r\ndata: {answer}\r\n\r\n");
                ("200 OK", "text/event-stream", events)
            }
            Step::Close => return None,
            Step::Forget => ("404 Not Found", "text/plain", "Session not found".to_owned()),
            Step::Status(status) => (status, "text/plain", "no".to_owned()),
        };
        write(&mut stream, status, content_type, &answer).await?;
        if matches!(step, Step::AnswerAndClose) {
            return None;
        }
    }
}

/// The body of the next request.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.ok()?;
            return String::from_utf8(body).ok();
        }
    }
}

async fn write(
    stream: &mut BufReader<TcpStream>,
    status: &str,
    content_type: &str,
    body: &str,
) -> Option<()> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).await.ok()
}

impl Server {
    async fn call(&self) -> Result<(), CallError> {
        let result = call_with(&self.plugin, "echo", json!({}), CallOptions::new()).await?;
        assert!(result.continue_processing);
        Ok(())
    }

    fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap()
    }

    fn handshakes(&self) -> usize {
        *self.seen.handshakes.lock().unwrap()
    }
}

#[tokio::test]
async fn one_connection_serves_one_call_after_the_other() {
    let server = server(&[Step::Answer, Step::Event, Step::Event, Step::Answer]).await;
    for _ in 0..4 {
        server.call().await.unwrap();
    }
    assert_eq!((server.connections(), server.handshakes()), (1, 1));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_used() {
    let server = server(&[Step::AnswerAndClose, Step::Answer]).await;
    server.call().await.unwrap();
    // Its end arrives.
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.call().await.unwrap();
    assert_eq!((server.connections(), server.handshakes()), (2, 1));
}

#[tokio::test]
async fn a_forgotten_session_begins_anew() {
    let server = server(&[Step::Answer, Step::Forget, Step::Answer]).await;
    server.call().await.unwrap();
    server.call().await.unwrap();
    assert_eq!(server.handshakes(), 2);
}

#[tokio::test]
async fn a_server_that_forgets_at_once_is_given_up() {
    let server = server(&[Step::Forget, Step::Forget]).await;
    let error = server.call().await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    assert!(!error.may_be_seen());
}

#[tokio::test]
async fn a_call_that_was_sent_may_have_been_seen() {
    let server = server(&[Step::Close, Step::Status("502 Bad Gateway")]).await;
    for _ in 0..2 {
        let error = server.call().await.unwrap_err();
        assert!(matches!(error, CallError::ConnectionLost { .. }), "{error:?}");
        assert!(error.may_be_seen());
    }
}

#[tokio::test]
async fn statuses_say_what_they_mean() {
    let server = server(&[
        Step::Status("421 Misdirected Request"),
        Step::Status("413 Payload Too Large"),
        Step::Answer,
    ])
    .await;
    let Err(CallError::Refused(error)) = server.call().await else {
        panic!("not refused")
    };
    assert!(
        error.message.ends_with("421 Misdirected Request: no"),
        "{}",
        error.message
    );
    let error = server.call().await.unwrap_err();
    assert!(matches!(error, CallError::TooLarge { .. }), "{error:?}");
    server.call().await.unwrap();
}
