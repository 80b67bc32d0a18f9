//! A TLS handshake that fails is logged with its reason, on every transport that has TLS.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use plugin_sdk_tests::{
    http::exchange,
    process::{ServerProcess, free_port},
};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{certificates::Certificates, command_line};

const PATIENCE: Duration = Duration::from_secs(10);

struct Client {
    stream: TcpStream,
    tls: ClientConnection,
}

impl Client {
    fn new(certificates: &Certificates, port: u16, certificate: Option<&str>) -> Self {
        let path = |name: &str| certificates.directory().join(name);
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(path("authority.pem")).unwrap())
            .unwrap();
        let builder = ClientConfig::builder().with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some(name) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_file(path(&format!("{name}.pem"))).unwrap()],
                    PrivateKeyDer::from_pem_file(path(&format!("{name}.key"))).unwrap(),
                )
                .unwrap(),
        };
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        Self { stream, tls }
    }

    /// Makes the handshake, as far as the client is concerned.
    fn shake_hands(&mut self) {
        while self.tls.is_handshaking() {
            self.tls.complete_io(&mut self.stream).unwrap();
        }
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.stream).unwrap();
        }
    }
}

/// The first line about a handshake.
fn logged(server: &ServerProcess) -> String {
    let begun = Instant::now();
    loop {
        let log = server.log();
        if let Some(line) = log.lines().find(|line| line.contains("TLS handshake failed")) {
            return line.to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "nothing in the log: {log}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_failure_is_logged_with_its_reason() {
    let certificates = Certificates::make();
    let file = |name: &str| certificates.directory().join(name).display().to_string();
    let client = |port, certificate| Client::new(&certificates, port, certificate);
    let cases: [(&str, &dyn Fn(u16)); 5] = [
        ("certificate", &|port| {
            let mut client = client(port, None);
            client.shake_hands();
            let _ = client.stream.read(&mut [0; 100]);
        }),
        ("certificate", &|port| {
            let mut client = client(port, Some("client-of-another"));
            client.shake_hands();
            let _ = client.stream.read(&mut [0; 100]);
        }),
        ("protocol", &|port| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(b"GET /health HTTP/1.1\r\n\r\n").unwrap();
            let _ = stream.read(&mut [0; 100]);
        }),
        // In the middle, and once it is made: as clients do that don't accept the server's certificate.
        ("abandoned", &|port| {
            let mut client = client(port, Some("client"));
            client.tls.write_tls(&mut client.stream).unwrap();
            let _ = client.stream.read(&mut [0; 10_000]);
        }),
        ("abandoned", &|port| client(port, Some("client")).shake_hands()),
    ];
    for (transport, section) in [("grpc", "grpc_server_settings"), ("http", "server_settings")] {
        for (reason, fail) in cases {
            let port = free_port().unwrap().min(60_000);
            let settings = format!(
                "{{port: {port}, tls: {{certfile: {}, keyfile: {}, ca_bundle: {}}}}}",
                file("server.pem"),
                file("server.key"),
                file("authority.pem")
            );
            let server = command_line::server(transport, [section, &settings], &[], &[]);
            let began = Instant::now();
            for _ in 0..20 {
                fail(port);
            }
            let line = logged(&server);
            assert!(
                line.contains("WARN") && line.contains(&format!("reason=\"{reason}\"")),
                "{transport}: {line}"
            );
            let lines = server.log().matches("TLS handshake failed").count();
            // Ten a second.
            let most = 10 * (began.elapsed().as_secs() + 1);
            assert!(lines as u64 <= most, "{transport}, {reason}: {lines} lines");
            if transport == "http" {
                let headers = [("Host".to_owned(), "localhost".to_owned())];
                let metrics = exchange(
                    ("127.0.0.1", port + 1000),
                    "GET /metrics/prometheus",
                    &headers,
                    "",
                )
                .unwrap();
                let counted = format!("plugin_tls_handshake_failures_total{{reason=\"{reason}\"}} 20\n");
                assert!(metrics.body.contains(&counted), "{counted}{}", metrics.body);
            }
        }
    }
}
