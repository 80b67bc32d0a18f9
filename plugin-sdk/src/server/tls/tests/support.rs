//! Certificates in a directory of their own, and a client.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use metrics::LocalRecorderGuard;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
        version::{TLS12, TLS13},
    },
};

use super::super::{HandshakeFailure, Tls, TlsSettings, accept::HandshakeError};

/// More than anything here takes; what takes longer hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

const GREETING: &[u8] = b"welcome";

/// A certificate with its key.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Pair {
    pub(super) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }
}

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub(super) enum When {
    Now,
    Past,
    Future,
}

pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: String,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        Self::valid(name, When::Now)
    }

    pub(super) fn valid(name: &str, when: When) -> Self {
        let mut params = params(name, when);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self::with(params)
    }

    pub(super) fn with(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    /// Its own certificate with its key.
    pub(super) fn pair(&self) -> Pair {
        Pair {
            certificate: self.certificate.clone(),
            key: self.issuer.key().serialize_pem(),
        }
    }

    pub(super) fn server(&self, when: When) -> Pair {
        self.server_with_key(when, &KeyPair::generate().unwrap())
    }

    pub(super) fn server_with_key(&self, when: When, key: &KeyPair) -> Pair {
        self.issue("server", when, ExtendedKeyUsagePurpose::ServerAuth, key)
    }

    pub(super) fn client(&self, when: When) -> Pair {
        let key = KeyPair::generate().unwrap();
        self.issue("client", when, ExtendedKeyUsagePurpose::ClientAuth, &key)
    }

    fn issue(&self, name: &str, when: When, usage: ExtendedKeyUsagePurpose, key: &KeyPair) -> Pair {
        let mut params = params(name, when);
        params.extended_key_usages = vec![usage];
        let certificate = params.signed_by(key, &self.issuer).unwrap().pem();
        Pair {
            certificate,
            key: key.serialize_pem(),
        }
    }
}

pub(super) fn params(name: &str, when: When) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    // The far years are written in the longer of the two forms that certificates have for a time.
    let (begins, ends) = match when {
        When::Now => (2020, 2150),
        When::Past => (2020, 2021),
        When::Future => (2140, 2150),
    };
    params.not_before = date_time_ymd(begins, 1, 1);
    params.not_after = date_time_ymd(ends, 1, 1);
    params
}

/// A directory with the files of a server.
pub(super) struct Files {
    pub(super) authority: Authority,
    pub(super) server: Pair,
    directory: tempfile::TempDir,
}

impl Files {
    pub(super) fn new() -> Self {
        let authority = Authority::new("authority");
        let server = authority.server(When::Now);
        let files = Self {
            authority,
            server,
            directory: tempfile::tempdir().unwrap(),
        };
        files.write("server.pem", &files.server.certificate);
        files.write("server.key", &files.server.key);
        files.write("ca.pem", &files.authority.certificate);
        files
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn write(&self, name: &str, contents: &str) {
        fs::write(self.path(name), contents).unwrap();
    }

    pub(super) fn write_server(&self, pair: &Pair) {
        self.write("server.pem", &pair.certificate);
        self.write("server.key", &pair.key);
    }

    pub(super) fn settings(&self) -> TlsSettings {
        TlsSettings::new(self.path("server.pem"), self.path("server.key")).with_ca_bundle(self.path("ca.pem"))
    }

    pub(super) fn load(&self) -> Tls {
        Tls::load(self.settings(), &["h2"]).unwrap()
    }

    /// Why a server can't start with these settings.
    pub(super) fn refusal(&self, settings: TlsSettings) -> String {
        let message = Tls::load(settings, &["h2"])
            .err()
            .expect("starts although it should not")
            .to_string();
        assert!(!message.contains('\n'), "{message}");
        message.replace(&format!("{}/", self.directory().display()), "")
    }

    /// A client that trusts the authority and has a certificate of it.
    pub(super) fn client(&self) -> Client {
        Client::of(&self.authority).with(&self.authority.client(When::Now))
    }
}

/// A TLS client of the same library.
#[derive(Clone)]
pub(super) struct Client {
    roots: Arc<RootCertStore>,
    identity: Option<(CertificateDer<'static>, Arc<PrivateKeyDer<'static>>)>,
    version: &'static SupportedProtocolVersion,
    alpn: &'static [u8],
}

impl Client {
    pub(super) fn of(authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(authority.certificate.as_bytes()).unwrap())
            .unwrap();
        Self {
            roots: Arc::new(roots),
            identity: None,
            version: &TLS13,
            alpn: b"h2",
        }
    }

    pub(super) fn with(mut self, pair: &Pair) -> Self {
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
        self.identity = Some((pair.der(), Arc::new(key)));
        self
    }

    pub(super) fn with_tls12(mut self) -> Self {
        self.version = &TLS12;
        self
    }

    pub(super) fn with_alpn(mut self, alpn: &'static [u8]) -> Self {
        self.alpn = alpn;
        self
    }

    pub(super) async fn connect(
        &self,
        address: SocketAddr,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_root_certificates(Arc::clone(&self.roots));
        let mut config = match &self.identity {
            Some((certificate, key)) => builder
                .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![self.alpn.to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, TcpStream::connect(address).await?)
            .await
    }

    /// Connects, sends something at once as HTTP/2 clients do, and reads the greeting; gives the server's certificate.
    pub(super) async fn visit(&self, address: SocketAddr) -> std::io::Result<CertificateDer<'static>> {
        let mut stream = self.connect(address).await?;
        stream.write_all(b"hello").await?;
        let mut greeting = [0; GREETING.len()];
        stream.read_exact(&mut greeting).await?;
        assert_eq!(greeting, GREETING);
        Ok(stream.get_ref().1.peer_certificates().unwrap()[0]
            .clone()
            .into_owned())
    }
}

/// Both sides of one connection: what the client saw, and what came of the server's handshake.
pub(super) async fn meet(
    tls: &Tls,
    client: &Client,
) -> (
    std::io::Result<CertificateDer<'static>>,
    Result<(), HandshakeError>,
) {
    let (address, handshake) = serve_once(tls).await;
    let both = async { tokio::join!(client.visit(address), handshake) };
    let (seen, served) = tokio::time::timeout(PATIENCE, both).await.expect("hangs");
    (seen, served.unwrap())
}

/// A listener that takes one connection and greets it.
pub(super) async fn serve_once(tls: &Tls) -> (SocketAddr, JoinHandle<Result<(), HandshakeError>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = tls.clone();
    let server = tokio::spawn(async move {
        let (stream, peer) = listener.accept().await.unwrap();
        let mut stream = tls.accept(stream, peer).await?;
        let _ = stream.write_all(GREETING).await;
        // Until the client goes: it must not lose the greeting to a reset.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        Ok(())
    });
    (address, server)
}

/// Counts what happens on a thread.
pub(super) fn recorder() -> PrometheusRecorder {
    PrometheusBuilder::new().build_recorder()
}

/// The handshakes that failed on this thread, by reason.
pub(super) struct Counted<'a> {
    counts: PrometheusHandle,
    _here: LocalRecorderGuard<'a>,
}

impl<'a> Counted<'a> {
    pub(super) fn here(recorder: &'a PrometheusRecorder) -> Self {
        Self {
            counts: recorder.handle(),
            _here: metrics::set_default_local_recorder(recorder),
        }
    }

    pub(super) fn of(&self, failure: HandshakeFailure) -> u64 {
        let name = format!(
            "plugin_tls_handshake_failures_total{{reason=\"{}\"}} ",
            failure.as_str()
        );
        let counts = self.counts.render();
        let count = counts.lines().find_map(|line| line.strip_prefix(&name));
        count.map_or(0, |count| count.parse().unwrap())
    }

    pub(super) fn total(&self) -> u64 {
        HandshakeFailure::ALL.map(|failure| self.of(failure)).iter().sum()
    }
}

/// The program `openssl`, which these tests need: it is what operators make their keys with, and what Python hosts speak TLS
/// with.
pub(super) fn openssl(directory: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("the tests of TLS need the program openssl")
}
