//! A server on a socket, and clients that write what they like.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::BoundMcpServer;
use crate::{
    dispatch::Dispatcher,
    limits::Limits,
    prelude::*,
    server::{ServeError, tls::TlsSettings},
    transport::mcp::settings::{HEALTH_PORT_DISTANCE, McpSettings},
};

const PATIENCE: Duration = Duration::from_secs(20);

#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Waiting;

/// Calls that are running.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// Whether calls may end.
static MAY_END: AtomicBool = AtomicBool::new(false);
/// The tests share the two above.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Counted;

impl Counted {
    fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Waiting {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if payload.name == "wait" {
            let _counted = Counted::new();
            while !MAY_END.load(Ordering::SeqCst) {
                sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(PluginResult::allow())
    }
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    fn start(settings: McpSettings, limits: Limits) -> Self {
        let settings = McpSettings {
            listen: crate::server::listener::ListenSettings {
                port: 0,
                ..settings.listen
            },
            ..settings
        };
        let dispatcher = Dispatcher::of_plugin(Waiting).with_limits(limits);
        let server = BoundMcpServer::bind(Arc::new(dispatcher), &settings).unwrap();
        let address = server.address();
        let address = address.split("://").nth(1).unwrap().strip_suffix("/mcp").unwrap();
        let address = address.parse().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap_or_default() };
        let ended = tokio::spawn(server.run(Box::pin(stopped)));
        Self { address, stop, ended }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }
}

struct Client(TcpStream);

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn post(&mut self, headers: &str, body: &str) {
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost:1\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.send(&request).await;
    }

    /// The status, the head and the body of the next answer.
    async fn answer(&mut self) -> (u16, String, String) {
        timeout(PATIENCE, self.read_answer()).await.expect("no answer")
    }

    async fn read_answer(&mut self) -> (u16, String, String) {
        let mut read = Vec::new();
        let head = loop {
            if let Some(end) = read.windows(4).position(|part| part == b"\r\n\r\n") {
                break String::from_utf8(read.drain(..end + 4).collect())
                    .unwrap()
                    .to_lowercase();
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

fn call(tool: &str) -> String {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "invoke_hook", "arguments": {
            "hook_type": "tool_pre_invoke", "plugin_name": "Waiting", "payload": {"name": tool},
            "context": {"global_context": {"request_id": "r"}},
        }},
    })
    .to_string()
}

async fn until_running(count: usize) {
    let began = Instant::now();
    while RUNNING.load(Ordering::SeqCst) != count {
        assert!(
            began.elapsed() < PATIENCE,
            "{} calls run",
            RUNNING.load(Ordering::SeqCst)
        );
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_lets_calls_end() {
    let _alone = ALONE.lock().await;
    MAY_END.store(false, Ordering::SeqCst);
    let server = Server::start(McpSettings::default(), Limits::default());
    let (mut calling, mut asking, mut silent) = (
        server.connect().await,
        server.connect().await,
        server.connect().await,
    );
    asking.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(asking.answer().await.2, r#"{"status":"healthy"}"#);
    calling.post("", &call("wait")).await;
    until_running(1).await;
    server.stop.send(()).unwrap();
    // Who comes now is still told how the server is, and nothing else.
    loop {
        let mut late = Client(TcpStream::connect(server.address).await.unwrap());
        late.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
        if late.answer().await.0 == 503 {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let mut late = Client(TcpStream::connect(server.address).await.unwrap());
    late.post("", &call("pass")).await;
    let (status, _, body) = late.answer().await;
    assert_eq!(status, 503);
    assert!(body.contains("is stopping"), "{body}");
    late.closed().await;
    asking.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let (status, head, body) = asking.answer().await;
    assert_eq!((status, body.as_str()), (503, r#"{"status":"draining"}"#));
    assert!(head.contains("connection: close"), "{head}");
    asking.closed().await;
    MAY_END.store(true, Ordering::SeqCst);
    let (status, _, body) = calling.answer().await;
    assert_eq!(status, 200);
    assert!(body.contains("continue_processing"), "{body}");
    timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
    silent.closed().await;
}

#[tokio::test]
async fn a_call_that_does_not_end_is_broken_off() {
    let _alone = ALONE.lock().await;
    MAY_END.store(false, Ordering::SeqCst);
    let limits = Limits {
        drain_timeout: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = Server::start(McpSettings::default(), limits);
    let mut calling = server.connect().await;
    calling.post("", &call("wait")).await;
    until_running(1).await;
    let began = Instant::now();
    server.stop.send(()).unwrap();
    timeout(PATIENCE, server.ended).await.unwrap().unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    until_running(0).await;
}

#[tokio::test]
async fn a_client_that_hangs_up_takes_its_call_back() {
    let _alone = ALONE.lock().await;
    MAY_END.store(false, Ordering::SeqCst);
    let server = Server::start(McpSettings::default(), Limits::default());
    let mut client = server.connect().await;
    client.post("", &call("wait")).await;
    until_running(1).await;
    drop(client);
    until_running(0).await;
}

#[tokio::test]
async fn a_session_of_another_server_does_not_matter() {
    let server = Server::start(McpSettings::default(), Limits::default());
    let mut client = server.connect().await;
    for headers in [
        "mcp-session-id: 7f\r\n",
        "mcp-session-id: 7f\r\nmcp-protocol-version: 2025-11-25\r\n",
    ] {
        client.post(headers, &call("pass")).await;
        let (status, head, body) = client.answer().await;
        assert_eq!(status, 200, "{body}");
        assert!(!head.contains("mcp-session-id"), "{head}");
    }
}

#[tokio::test]
async fn what_is_declined_says_why_as_json_rpc() {
    let limits = Limits {
        max_message_size: 1024,
        ..Limits::default()
    };
    let server = Server::start(McpSettings::default(), limits);
    let long = call(&"x".repeat(2000));
    for (headers, body, status, says) in [
        ("", long.as_str(), 413, "PLUGINS_MAX_MESSAGE_SIZE"),
        (
            "Origin: http://evil.example\r\n",
            "{}",
            403,
            "PLUGINS_SERVER_ALLOWED_ORIGINS",
        ),
        (
            "Host: evil.example\r\n",
            "{}",
            421,
            "PLUGINS_SERVER_ALLOWED_HOSTS",
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
        let mut client = server.connect().await;
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
}

#[tokio::test]
async fn clients_have_so_much_time_for_each_thing() {
    let settings = McpSettings {
        header_timeout: Duration::from_millis(200),
        body_timeout: Duration::from_millis(200),
        ..McpSettings::default()
    };
    let limits = Limits {
        idle_timeout: Duration::from_millis(600),
        ..Limits::default()
    };
    let server = Server::start(settings, limits);
    let mut slow_head = server.connect().await;
    slow_head.send("POST /mcp HT").await;
    slow_head.closed().await;
    let mut slow_body = server.connect().await;
    slow_body.send("POST /mcp HTTP/1.1\r\nHost: localhost:1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: 10\r\n\r\n{").await;
    let (status, _, body) = slow_body.answer().await;
    assert_eq!(status, 408, "{body}");
    slow_body.closed().await;
    let mut idle = server.connect().await;
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
    let directory = tempfile::tempdir().unwrap();
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certfile, keyfile) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
    std::fs::write(&certfile, pair.cert.pem()).unwrap();
    std::fs::write(&keyfile, pair.signing_key.serialize_pem()).unwrap();
    let mut settings = McpSettings::default();
    let tls = TlsSettings::new(certfile, keyfile);
    settings.listen.tls = Some(tls.with_client_auth(crate::server::tls::ClientAuth::None));
    let server = Server::start(settings, Limits::default());
    let health = SocketAddr::new(server.address.ip(), server.address.port() + HEALTH_PORT_DISTANCE);
    for (path, status, says) in [
        ("/health", 200, "healthy"),
        ("/metrics/prometheus", 200, "ssl_enabled=\"true\"} 1"),
        ("/mcp", 404, "there are /health and /metrics/prometheus"),
    ] {
        let mut client = Client(TcpStream::connect(health).await.unwrap());
        client
            .send(&format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
            .await;
        let (answered, _, body) = client.answer().await;
        assert_eq!(answered, status);
        assert!(body.contains(says), "{body}");
    }
}
