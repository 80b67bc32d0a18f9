//! What a client on a connection of its own meets: a server that stops, requests that are declined, time limits, and the port of health.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::settings::{call, server};
use crate::{certificates::Certificates, command_line::tcp_address, shutdown::signal};

const PATIENCE: Duration = Duration::from_secs(20);

/// What comes before the answer to a call that takes long, once its client has no more to say.
const INTERIM: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

struct Client(TcpStream);

impl Client {
    async fn connect(address: &str) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn post(&mut self, headers: &str, body: &str) {
        self.post_to("localhost:1", headers, body).await;
    }

    async fn post_to(&mut self, host: &str, headers: &str, body: &str) {
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(&request).await;
    }

    /// Ends the sending side, after which the server says that it is at work on the call.
    async fn is_served(&mut self) {
        self.0.shutdown().await.unwrap();
        let mut interim = [0; INTERIM.len()];
        let read = timeout(PATIENCE, self.0.read_exact(&mut interim)).await;
        read.expect("not served").unwrap();
        assert_eq!(interim, INTERIM);
    }

    /// The status, the head and the body of the next answer.
    async fn answer(&mut self) -> (u16, String, String) {
        timeout(PATIENCE, self.read_answer()).await.expect("no answer")
    }

    async fn read_answer(&mut self) -> (u16, String, String) {
        let mut read = Vec::new();
        let head = loop {
            if let Some(end) = read.windows(4).position(|part| part == b"\r\n\r\n") {
                let head: Vec<u8> = read.drain(..end + 4).collect();
                if head.starts_with(INTERIM) {
                    continue;
                }
                break String::from_utf8(head).unwrap().to_lowercase();
            }
            assert_ne!(
                self.0.read_buf(&mut read).await.unwrap(),
                0,
                "closed in the head: {read:?}"
            );
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while read.len() < length {
            assert_ne!(self.0.read_buf(&mut read).await.unwrap(), 0, "closed in the body");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, String::from_utf8(read).unwrap())
    }

    /// Waits until the server closes the connection.
    async fn closed(&mut self) {
        let mut rest = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut rest))
            .await
            .expect("stays open")
            .unwrap();
        assert_eq!(rest, b"");
    }
}

fn echo() -> String {
    call("Faults", "echo", &json!({}))
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_lets_calls_end() {
    let mut server = server("{port: 0}", &[], &[("PLUGINS_DRAIN_TIMEOUT", "20")]);
    let address = tcp_address(&server);
    let mut calling = Client::connect(&address).await;
    let mut asking = Client::connect(&address).await;
    let mut silent = Client::connect(&address).await;
    asking.send(HEALTH).await;
    assert_eq!(asking.answer().await.2, r#"{"status":"healthy"}"#);
    calling
        .post("", &call("Faults", "wait", &json!({"milliseconds": 5000})))
        .await;
    calling.is_served().await;
    signal("TERM", server.id());
    // Who comes now is still told how the server is, and nothing else.
    loop {
        let mut late = Client::connect(&address).await;
        late.send(HEALTH).await;
        if late.answer().await.0 == 503 {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let mut late = Client::connect(&address).await;
    late.post("", &echo()).await;
    let (status, _, body) = late.answer().await;
    assert_eq!(status, 503);
    assert!(body.contains("is stopping"), "{body}");
    late.closed().await;
    asking.send(HEALTH).await;
    let (status, head, body) = asking.answer().await;
    assert_eq!((status, body.as_str()), (503, r#"{"status":"draining"}"#));
    assert!(head.contains("connection: close"), "{head}");
    asking.closed().await;
    let (status, _, body) = calling.answer().await;
    assert_eq!(status, 200);
    assert!(body.contains("continue_processing"), "{body}");
    assert_eq!(server.wait().unwrap().code(), Some(0), "{}", server.log());
    silent.closed().await;
}

#[tokio::test]
async fn a_client_is_told_why_its_call_did_not_end() {
    let server = server("{port: 0}", &[], &[("PLUGINS_DRAIN_TIMEOUT", "0.3")]);
    let mut calling = Client::connect(&tcp_address(&server)).await;
    calling
        .post("", &call("Faults", "wait", &json!({"milliseconds": 60_000})))
        .await;
    calling.is_served().await;
    signal("TERM", server.id());
    let (status, _, body) = calling.answer().await;
    assert_eq!(status, 500, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["id"], 1, "{answer}");
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("did not finish in time (PLUGINS_DRAIN_TIMEOUT)"),
        "{message}"
    );
}

#[tokio::test]
async fn a_request_has_one_host_and_one_origin_at_most() {
    // Also where every name is answered.
    for listen in ["{port: 0}", "{host: 0.0.0.0, port: 0}"] {
        let server = server(listen, &[], &[]);
        for (headers, says) in [
            ("", "Host is missing"),
            (
                "Host: localhost:1\r\nHost: localhost:1\r\n",
                "Host is there more than once",
            ),
            (
                "Host: localhost:1\r\nOrigin: http://localhost:1\r\nOrigin: http://localhost:1\r\n",
                "Origin is there more than once",
            ),
        ] {
            let mut client = Client::connect(&tcp_address(&server)).await;
            let request = format!(
                "POST /mcp HTTP/1.1\r\n{headers}Content-Type: application/json\r\nAccept: */*\r\nContent-Length: 0\r\n\r\n"
            );
            client.send(&request).await;
            let (status, _, body) = client.answer().await;
            assert_eq!(status, 400, "{listen}: {body}");
            assert!(body.contains(says), "{listen}: {body}");
        }
    }
}

#[tokio::test]
async fn a_session_of_another_server_does_not_matter() {
    let server = server("{port: 0}", &[], &[]);
    let mut client = Client::connect(&tcp_address(&server)).await;
    for headers in [
        "mcp-session-id: 7f\r\n",
        "mcp-session-id: 7f\r\nmcp-protocol-version: 2025-11-25\r\n",
    ] {
        client.post(headers, &echo()).await;
        let (status, head, body) = client.answer().await;
        assert_eq!(status, 200, "{body}");
        assert!(!head.contains("mcp-session-id"), "{head}");
    }
}

#[tokio::test]
async fn what_is_declined_says_why_as_json_rpc() {
    let server = server("{port: 0}", &[], &[("PLUGINS_MAX_MESSAGE_SIZE", "1024")]);
    let address = tcp_address(&server);
    let long = call("Faults", &"x".repeat(2000), &json!({}));
    for (headers, body, status, says) in [
        ("", long.as_str(), 413, "PLUGINS_MAX_MESSAGE_SIZE"),
        (
            "Origin: http://evil.example\r\n",
            "{}",
            403,
            "PLUGINS_SERVER_ALLOWED_ORIGINS",
        ),
        (
            "mcp-protocol-version: 1999-01-01\r\n",
            r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#,
            400,
            "1999-01-01",
        ),
        ("", "nonsense", 400, "not JSON"),
        ("", "[]", 400, "batch"),
    ] {
        let mut client = Client::connect(&address).await;
        client.post(headers, body).await;
        let (answered, head, body) = client.answer().await;
        assert_eq!(answered, status, "{body}");
        assert!(head.contains("content-type: application/json"), "{head}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["jsonrpc"], "2.0");
        assert!(answer["error"]["code"].is_i64());
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
    let mut client = Client::connect(&address).await;
    client.post_to("evil.example", "", "{}").await;
    let (status, _, body) = client.answer().await;
    assert_eq!(status, 421, "{body}");
    assert!(body.contains("PLUGINS_SERVER_ALLOWED_HOSTS"), "{body}");
}

#[tokio::test]
async fn heads_bodies_and_idle_connections_have_a_time_limit() {
    let server = server(
        "{port: 0, header_timeout: 0.2, body_timeout: 0.2}",
        &[],
        &[("PLUGINS_IDLE_TIMEOUT", "0.6")],
    );
    let address = tcp_address(&server);
    let mut slow_head = Client::connect(&address).await;
    slow_head.send("POST /mcp HT").await;
    slow_head.closed().await;
    let mut slow_body = Client::connect(&address).await;
    slow_body
        .send(
            "POST /mcp HTTP/1.1\r\nHost: localhost:1\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nContent-Length: 10\r\n\r\n{",
        )
        .await;
    let (status, _, body) = slow_body.answer().await;
    assert_eq!(status, 408, "{body}");
    slow_body.closed().await;
    let mut idle = Client::connect(&address).await;
    idle.post("", r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#).await;
    assert_eq!(idle.answer().await.0, 200);
    let began = Instant::now();
    idle.closed().await;
    assert!(
        began.elapsed() > Duration::from_millis(400),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn with_tls_health_and_metrics_have_a_port_of_their_own() {
    let certificates = Certificates::make();
    let path = |name: &str| certificates.directory().join(name).display().to_string();
    let tls = format!(
        "{{certfile: {}, keyfile: {}, ssl_cert_reqs: 0}}",
        path("server.pem"),
        path("server.key")
    );
    let server = server(&format!("{{port: 0, tls: {tls}}}"), &[], &[]);
    let address = tcp_address(&server);
    let (host, port) = address.rsplit_once(':').unwrap();
    let health = format!("{host}:{}", port.parse::<u16>().unwrap() + 1000);
    for (path, status, says) in [
        ("/health", 200, "healthy"),
        ("/metrics/prometheus", 200, "ssl_enabled=\"true\"} 1"),
        ("/mcp", 404, "there are /health and /metrics/prometheus"),
    ] {
        let mut client = Client::connect(&health).await;
        client
            .send(&format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
            .await;
        let (answered, _, body) = client.answer().await;
        assert_eq!(answered, status);
        assert!(body.contains(says), "{body}");
    }
}
