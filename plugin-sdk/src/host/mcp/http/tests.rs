//! What a server may have seen, and what becomes of sessions and connections, by what a server does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::HttpTransport;
use crate::host::{
    config::{
        address::Allowed,
        target::{HttpTarget, Reconnect},
    },
    settings::HostSettings,
    transport::{Failure, Method, Request, Transport},
};

/// What the server does to one call; it shakes hands by itself.
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

/// A server with sessions, that does one step after the other.
struct Server {
    transport: HttpTransport,
    connections: Arc<Mutex<usize>>,
    handshakes: Arc<Mutex<usize>>,
}

async fn server(steps: &[Step]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let handshakes = Arc::new(Mutex::new(0));
    let steps = Arc::new(Mutex::new(steps.iter().rev().copied().collect::<Vec<_>>()));
    let (opened, shaken) = (Arc::clone(&connections), Arc::clone(&handshakes));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *opened.lock().unwrap() += 1;
            tokio::spawn(serve(stream, Arc::clone(&steps), Arc::clone(&shaken)));
        }
    });
    let target = HttpTarget {
        url,
        uds: None,
        tls: None,
        reconnect: Reconnect::default(),
        addresses: Allowed::All,
    };
    Server {
        transport: HttpTransport::new("P", &target, &HostSettings::default()).unwrap(),
        connections,
        handshakes,
    }
}

async fn serve(stream: TcpStream, steps: Arc<Mutex<Vec<Step>>>, handshakes: Arc<Mutex<usize>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let body = read(&mut stream).await?;
        let (status, content_type, answer) = if body.contains("\"initialize\"") {
            *handshakes.lock().unwrap() += 1;
            let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}"#;
            (
                "200 OK\r\nmcp-session-id: s",
                "application/json",
                answer.to_owned(),
            )
        } else if body.contains("notifications/") {
            ("202 Accepted", "application/json", String::new())
        } else {
            let id = body.split("\"id\":").nth(1).unwrap().split(',').next().unwrap();
            let answer = format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"{{}}"}}]}}}}"#
            );
            let step = steps.lock().unwrap().pop().unwrap();
            match step {
                Step::Answer | Step::AnswerAndClose => {
                    write(&mut stream, "200 OK", "application/json", &answer).await?;
                    if matches!(step, Step::AnswerAndClose) {
                        return Some(());
                    }
                    continue;
                }
                Step::Event => {
                    let before = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#;
                    let answer = format!("data: {before}\r\n\r\ndata: {answer}\r\n\r\n");
                    ("200 OK", "text/event-stream", answer)
                }
                Step::Close => return Some(()),
                Step::Forget => ("404 Not Found", "text/plain", "Session not found".to_owned()),
                Step::Status(status) => (status, "text/plain", "no".to_owned()),
            }
        };
        write(&mut stream, status, content_type, &answer).await?;
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
    /// What came of a call, and whether the server may have seen it.
    async fn call(&self) -> (Result<Bytes, Failure>, bool) {
        let request = Request::new(Method::InvokeHook, "P", Bytes::from_static(b"{}"));
        let outcome = self.transport.exchange(&request).await;
        (outcome, request.may_be_seen())
    }

    async fn answers(&self) {
        let (outcome, _) = self.call().await;
        assert_eq!(outcome.unwrap(), "{}");
    }

    fn counts(&self) -> (usize, usize) {
        (
            *self.connections.lock().unwrap(),
            *self.handshakes.lock().unwrap(),
        )
    }
}

#[tokio::test]
async fn one_connection_serves_one_call_after_the_other() {
    let server = server(&[Step::Answer, Step::Event, Step::Event, Step::Answer]).await;
    for _ in 0..4 {
        server.answers().await;
    }
    assert_eq!(server.counts(), (1, 1));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_used() {
    let server = server(&[Step::AnswerAndClose, Step::Answer]).await;
    server.answers().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.answers().await;
    assert_eq!(server.counts(), (2, 1));
}

#[tokio::test]
async fn a_forgotten_session_begins_anew() {
    let server = server(&[Step::Answer, Step::Forget, Step::Answer]).await;
    server.answers().await;
    server.answers().await;
    assert_eq!(server.counts().1, 2);
}

#[tokio::test]
async fn a_server_that_forgets_at_once_is_given_up() {
    let server = server(&[Step::Forget, Step::Forget]).await;
    let (outcome, may_be_seen) = server.call().await;
    assert!(matches!(outcome, Err(Failure::Connection(_))), "{outcome:?}");
    assert!(!may_be_seen);
}

#[tokio::test]
async fn a_call_that_was_sent_may_have_been_seen() {
    let server = server(&[Step::Close, Step::Status("502 Bad Gateway")]).await;
    for _ in 0..2 {
        let (outcome, may_be_seen) = server.call().await;
        assert!(matches!(outcome, Err(Failure::Connection(_))), "{outcome:?}");
        assert!(may_be_seen);
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
    let Err(Failure::Refused(error)) = server.call().await.0 else {
        panic!("not refused")
    };
    assert!(
        error.message.ends_with("421 Misdirected Request: no"),
        "{}",
        error.message
    );
    assert!(matches!(server.call().await.0, Err(Failure::TooLarge(_))));
    server.answers().await;
}
