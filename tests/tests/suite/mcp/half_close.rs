//! A client that closes its side of the connection after its request gets its answer; one that goes takes its call back.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use plugin_sdk_tests::{http, process::ServerProcess};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, pem::PemObject},
    },
};

use super::settings::{ENDPOINT, call, headers, server};
use crate::{certificates::Certificates, command_line::tcp_address};

const PATIENCE: Duration = Duration::from_secs(20);

/// Where a server listens, and how a client gets there.
#[derive(Clone)]
enum Address {
    Tcp(String),
    Tls(String, TlsConnector),
    Unix(PathBuf),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Address {
    async fn connect(&self) -> Box<dyn Stream> {
        match self {
            Self::Tcp(address) => Box::new(TcpStream::connect(address).await.unwrap()),
            Self::Unix(path) => Box::new(UnixStream::connect(path).await.unwrap()),
            Self::Tls(address, connector) => {
                let stream = TcpStream::connect(address).await.unwrap();
                let name = "localhost".try_into().unwrap();
                Box::new(connector.connect(name, stream).await.unwrap())
            }
        }
    }

    /// Sends a request and the end of the stream; gives all that comes back.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer))
            .await
            .expect("no end")
            .unwrap();
        answer
    }
}

/// A server of each binding.
fn servers() -> [(&'static str, ServerProcess, Address); 3] {
    let certificates = Certificates::make();
    let path = |name: &str| certificates.directory().join(name).display().to_string();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(path("authority.pem")).unwrap())
        .unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = format!(
        "{{port: 0, tls: {{certfile: {}, keyfile: {}, ssl_cert_reqs: 0}}}}",
        path("server.pem"),
        path("server.key")
    );
    let start = |section: &str| server(section, &["--log-level", "DEBUG"], &[]);
    let (tcp, tls, unix) = (start("{port: 0}"), start(&tls), start("{uds: plugin.sock}"));
    let of_tcp = Address::Tcp(tcp_address(&tcp));
    let of_tls = Address::Tls(tcp_address(&tls), TlsConnector::from(Arc::new(config)));
    let of_unix = Address::Unix(unix.socket().to_owned());
    [
        ("TCP", tcp, of_tcp),
        ("TLS", tls, of_tls),
        ("Unix", unix, of_unix),
    ]
}

fn request(line: &str, version: &str, body: &str) -> String {
    let head = http::head(line, &headers("localhost:1")).replace("HTTP/1.1", version);
    format!("{head}content-length: {}\r\n\r\n{body}", body.len())
}

fn wait(milliseconds: u32) -> String {
    call("Faults", "wait", &json!({"milliseconds": milliseconds}))
}

#[tokio::test]
async fn every_request_is_answered() {
    for (binding, _server, address) in servers() {
        let health = request("GET /health", "HTTP/1.1", "");
        for _ in 0..60 {
            let answer = address.ask(&health).await;
            assert!(answer.ends_with(r#"{"status":"healthy"}"#), "{binding}: {answer}");
        }
        for (milliseconds, version) in [
            (0, "HTTP/1.1"),
            (20, "HTTP/1.1"),
            (400, "HTTP/1.1"),
            (400, "HTTP/1.0"),
        ] {
            let answer = address
                .ask(&request(ENDPOINT, version, &wait(milliseconds)))
                .await;
            let place = format!("{binding}, {version}, {milliseconds} ms");
            assert!(answer.contains("continue_processing"), "{place}: {answer}");
            // What a call that takes longer gets before, and HTTP/1.0 does not know.
            let interim = answer.contains("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK");
            assert_eq!(
                interim,
                version == "HTTP/1.1" && milliseconds == 400,
                "{place}: {answer}"
            );
        }
        // Both of two requests in a row.
        let two = request(ENDPOINT, "HTTP/1.1", &wait(50)).repeat(2);
        let answers = address.ask(&two).await;
        assert_eq!(answers.matches("200 OK").count(), 2, "{binding}: {answers}");
    }
}

/// More than the buffers of both sides hold.
#[tokio::test]
async fn a_large_answer_arrives_whole_however_slowly_it_is_read() {
    let size = 12 << 20;
    let large = call("Faults", "big", &json!({"size": size}));
    for (binding, _server, address) in servers() {
        let mut stream = address.connect().await;
        let request = request(ENDPOINT, "HTTP/1.1", &large);
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        sleep(Duration::from_millis(500)).await;
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer))
            .await
            .expect("no end")
            .unwrap();
        assert!(answer.len() > size, "{binding}: {} bytes", answer.len());
    }
}

#[tokio::test]
async fn half_a_request_is_refused_at_once() {
    for (binding, _server, address) in servers() {
        let whole = request(ENDPOINT, "HTTP/1.1", &wait(0));
        let begun = Instant::now();
        let answer = address.ask(&whole[..whole.len() - 10]).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{binding}: {answer}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_client_that_goes_takes_its_call_back() {
    for (binding, server, address) in servers() {
        let mut stream = address.connect().await;
        let request = request(ENDPOINT, "HTTP/1.1", &wait(20_000));
        stream.write_all(request.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        drop(stream);
        let begun = Instant::now();
        while !server.log().contains("its call is taken back") {
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{binding}: {}",
                server.log()
            );
            sleep(Duration::from_millis(10)).await;
        }
    }
}
