//! From settings and files to what connections are accepted with.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::watch;
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::SingleCertAndKey,
    version::{TLS12, TLS13},
};

use super::{
    ClientAuth, DEFAULT_HANDSHAKE_TIMEOUT, TlsError, TlsSettings, failures, files::Files, reload::Watched,
};
use crate::tls::{
    certificate::{self, Clock},
    file::File,
    identity::identity,
};

/// TLS as one server uses it. `Clone` is cheap, and all clones use the same certificate.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(super) shared: Arc<Shared>,
    pub(super) handshake_timeout: Duration,
}

pub(super) struct Shared {
    pub(super) settings: TlsSettings,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) current: watch::Sender<Arc<ServerConfig>>,
    /// How things stood at the start, for the watcher to go on from: it misses no change in between.
    pub(super) at_start: Watched,
}

impl Tls {
    /// Reads and checks the files; they can be watched afterwards. `alpn` are the protocols to agree on with the client, `h2`
    /// for gRPC.
    pub(crate) fn load(settings: TlsSettings, alpn: &[&str]) -> Result<Self, TlsError> {
        let alpn: Vec<_> = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        failures::announce();
        let mut clock = Clock::new(SystemTime::now());
        let (config, digest) = {
            let files = Files::read(&settings);
            (
                server_config(&settings, &files, &alpn, &mut clock)?,
                files.digest(),
            )
        };
        Ok(Self {
            shared: Arc::new(Shared {
                settings,
                alpn,
                current: watch::Sender::new(config),
                at_start: Watched::new(digest, &clock),
            }),
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
        })
    }

    /// How long a client may take for its handshake.
    #[must_use]
    pub(crate) fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }
}

/// What connections are accepted with, made of the given bytes. The files are judged in the order in which a mistake is
/// cheap to find: a key may take long to decrypt.
pub(super) fn server_config(
    settings: &TlsSettings,
    files: &Files<'_>,
    alpn: &[Vec<u8>],
    clock: &mut Clock,
) -> Result<Arc<ServerConfig>, TlsError> {
    // Named here, not taken from the process: another library may have set another default, or none.
    let provider = Arc::new(ring::default_provider());
    let verifier = client_verifier(settings.client_auth, files, &provider, clock)?;
    let password = settings.keyfile_password.as_deref();
    let identity = identity(&files.certificate, &files.key, password, &provider, clock)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| TlsError::new(format!("TLS can't be set up: {error}")))?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.alpn_protocols = alpn.to_vec();
    if settings.client_auth != ClientAuth::None {
        // A resumed session does not check the client's certificate again, which may have expired since.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Arc::new(config))
}

fn client_verifier(
    client_auth: ClientAuth,
    files: &Files<'_>,
    provider: &Arc<CryptoProvider>,
    clock: &mut Clock,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    if client_auth == ClientAuth::None {
        // Nothing is checked against it, but a name without a file is a mistake all the same.
        files.ca_bundle.as_ref().map(File::contents).transpose()?;
        return Ok(WebPkiClientVerifier::no_client_auth());
    }
    let Some(file) = &files.ca_bundle else {
        return Err(TlsError::new(format!(
            "ca_bundle (…_SSL_CA_CERTS) is missing: client certificates are to be checked against the authorities in \
             that file ({client_auth}); for TLS without client certificates set client_auth to none, or ssl_cert_reqs to 0"
        )));
    };
    let authorities = Arc::new(certificate::authorities(file, clock)?);
    let mut builder = WebPkiClientVerifier::builder_with_provider(authorities, Arc::clone(provider));
    if client_auth == ClientAuth::Optional {
        builder = builder.allow_unauthenticated();
    }
    builder
        .build()
        .map_err(|error| TlsError::file(file, format!("can't be used ({error}): write it again")))
}
