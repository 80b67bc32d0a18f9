//! Certificates in a directory of their own, and a client in the same process.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use super::super::{Tls, TlsSettings};

/// More than anything here takes; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

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
        Client::new(&self.authority, &self.authority.client(When::Now))
    }
}

/// A TLS client of the same library.
pub(super) struct Client {
    roots: RootCertStore,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Client {
    /// One that trusts the authority, and shows a certificate.
    pub(super) fn new(authority: &Authority, pair: &Pair) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(authority.certificate.as_bytes()).unwrap())
            .unwrap();
        Self {
            roots,
            certificate: pair.der(),
            key: PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap(),
        }
    }

    /// Connects, sends something at once as HTTP/2 clients do, and reads the greeting; gives the server's certificate.
    async fn visit(&self, stream: DuplexStream) -> std::io::Result<CertificateDer<'static>> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_client_auth_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        stream.write_all(b"hello").await?;
        let mut greeting = [0; GREETING.len()];
        stream.read_exact(&mut greeting).await?;
        assert_eq!(greeting, GREETING);
        Ok(stream.get_ref().1.peer_certificates().unwrap()[0]
            .clone()
            .into_owned())
    }
}

/// What a client sees of a server, on one connection.
pub(super) async fn meet(tls: &Tls, client: &Client) -> std::io::Result<CertificateDer<'static>> {
    let (near, far) = duplex(64 * 1024);
    let serving = async {
        if let Ok(mut stream) = tls.accept(near, "the client").await {
            let _ = stream.write_all(GREETING).await;
            // Until the client goes.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    };
    let both = async { tokio::join!(client.visit(far), serving) };
    tokio::time::timeout(PATIENCE, both).await.expect("hangs").0
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
