//! TLS of the servers: who gets in, how handshakes fail, and files that change under a running server.

mod clients;
mod failures;
mod handshakes;
mod reloading;

use std::{
    fs, io,
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use plugin_sdk_tests::{http, process::ServerProcess};
use tempfile::TempDir;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};

use crate::{
    certificates::Certificates,
    command_line::{self, tcp_address},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// The files of a server, which may change: `server.pem`, `server.key` and `ca.pem`.
struct Files {
    certificates: Certificates,
    directory: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self {
            certificates: Certificates::make(),
            directory: TempDir::new().unwrap(),
        };
        files.put("server");
        files.write("ca.pem", &files.read("authority.pem"));
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn certificate(&self, name: &str) -> PathBuf {
        self.certificates.directory().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.certificate(name)).unwrap()
    }

    fn der(&self, name: &str) -> CertificateDer<'static> {
        der(&self.certificate(&format!("{name}.pem")))
    }

    /// Makes this pair the server's.
    fn put(&self, name: &str) {
        self.write("server.pem", &self.read(&format!("{name}.pem")));
        self.write("server.key", &self.read(&format!("{name}.key")));
    }

    /// A server over MCP with more settings of TLS, and more of the section.
    fn serve(&self, tls: &str, section: &str) -> Server {
        self.serve_over(["http", "server_settings"], tls, section)
    }

    fn serve_over(&self, [transport, group]: [&str; 2], tls: &str, section: &str) -> Server {
        let directory = self.directory.path().display();
        let settings = format!(
            "{{port: 0{section}, tls: {{certfile: {directory}/server.pem, keyfile: {directory}/server.key, \
             ca_bundle: {directory}/ca.pem{tls}}}}}"
        );
        let process = command_line::server(transport, [group, &settings], &["--log-level", "DEBUG"], &[]);
        let address = tcp_address(&process);
        Server { process, address }
    }

    /// A client that trusts the authority of the server and shows no certificate.
    fn client(&self) -> Client {
        Client {
            authority: der(&self.certificate("authority.pem")),
            identity: None,
            version: &TLS13,
            protocol: "http/1.1",
        }
    }

    /// A client with a certificate.
    fn client_with(&self, name: &str) -> Client {
        let key = PrivateKeyDer::from_pem_file(self.certificate(&format!("{name}.key"))).unwrap();
        Client {
            identity: Some((self.der(name), Arc::new(key))),
            ..self.client()
        }
    }
}

fn der(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).unwrap()
}

struct Server {
    process: ServerProcess,
    address: String,
}

impl Server {
    /// The handshakes that failed, by reason, without those that none did.
    fn failures(&self) -> Vec<(String, u64)> {
        let (host, port) = self.address.rsplit_once(':').unwrap();
        let port = port.parse::<u16>().unwrap() + 1000;
        let answer = http::exchange((host, port), "GET /metrics/prometheus", &headers(), "").unwrap();
        let counts = answer.body.lines().filter_map(|line| {
            let line = line.strip_prefix("plugin_tls_handshake_failures_total{reason=\"")?;
            let (reason, count) = line.split_once("\"} ")?;
            Some((reason.to_owned(), count.parse().unwrap()))
        });
        let mut counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
        counts.sort();
        counts
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

fn headers() -> [(String, String); 1] {
    [("Host".to_owned(), "localhost".to_owned())]
}

/// A client of the library that the servers have, too.
#[derive(Clone)]
struct Client {
    authority: CertificateDer<'static>,
    identity: Option<(CertificateDer<'static>, Arc<PrivateKeyDer<'static>>)>,
    version: &'static SupportedProtocolVersion,
    protocol: &'static str,
}

impl Client {
    fn with_tls12(mut self) -> Self {
        self.version = &TLS12;
        self
    }

    fn begin(&self, server: &Server) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).unwrap();
        let builder =
            ClientConfig::builder_with_protocol_versions(&[self.version]).with_root_certificates(roots);
        let mut config = match &self.identity {
            Some((certificate, key)) => builder
                .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![self.protocol.into()];
        let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        StreamOwned::new(connection, server.connect())
    }

    /// Asks for the health of the server, and gives its certificate.
    fn visit(&self, server: &Server) -> io::Result<CertificateDer<'static>> {
        let mut stream = self.begin(server);
        let answer = http::exchange_on(&mut stream, "GET /health", &headers(), "")?;
        assert_eq!(answer.status, 200, "{answer:?}");
        Ok(stream.conn.peer_certificates().unwrap()[0].clone().into_owned())
    }
}
