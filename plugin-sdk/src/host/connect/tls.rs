//! TLS toward a server: whom it trusts, and the certificate that it shows.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        AlertDescription, CertificateError, ClientConfig, Error, RootCertStore,
        crypto::ring,
        pki_types::ServerName,
        sign::SingleCertAndKey,
        version::{TLS12, TLS13},
    },
};

use super::verify::{ChainOnly, Nothing};
use crate::{
    host::config::target::ClientTls,
    stream::Duplex,
    tls::{
        TlsError,
        certificate::{self, Clock},
        file::{File, Setting, Side},
        identity::identity,
    },
};

/// How long what was made of the files serves for further connections. Certificates that are renewed need no restart.
const KEPT: Duration = Duration::from_secs(30);

/// Which authorities a server's certificate may come from, when `ca_bundle` names some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum Authorities {
    /// Only those, as hosts have it for gRPC.
    Bundle,
    /// Those and the system's, as hosts have it for MCP.
    BundleAndSystem,
}

/// TLS as one plugin's connections use it.
pub(in crate::host) struct Tls {
    settings: ClientTls,
    authorities: Authorities,
    protocol: &'static [u8],
    name: ServerName<'static>,
    current: Mutex<Option<(Instant, Arc<ClientConfig>)>>,
}

impl Tls {
    /// TLS to a server of this name. `protocol` is what is agreed on with it, such as `h2`.
    pub(in crate::host) fn new(
        plugin: &str,
        settings: &ClientTls,
        authorities: Authorities,
        protocol: &'static str,
        host: &str,
    ) -> Result<Self, String> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("{host:?} is not a name that a certificate can be for"))?;
        if !settings.verify {
            tracing::warn!(
                "{plugin}: THE SERVER'S CERTIFICATE IS NOT CHECKED (verify: false). Anyone on the network path to {host} can read \
                 and change every call; name its authority in ca_bundle instead"
            );
        }
        Ok(Self {
            settings: settings.clone(),
            authorities,
            protocol: protocol.as_bytes(),
            name,
            current: Mutex::default(),
        })
    }

    pub(super) async fn connect<S: Duplex>(&self, stream: S) -> Result<TlsStream<S>, String> {
        let connector = TlsConnector::from(self.config().await?);
        connector
            .connect(self.name.clone(), stream)
            .await
            .map_err(|error| {
                // The files may be about to be replaced.
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
                describe(&error)
            })
    }

    async fn config(&self) -> Result<Arc<ClientConfig>, String> {
        if let Some((made, config)) = &*self.current.lock().unwrap_or_else(PoisonError::into_inner)
            && made.elapsed() < KEPT
        {
            return Ok(Arc::clone(config));
        }
        let (settings, authorities) = (self.settings.clone(), self.authorities);
        let protocol = self.protocol.to_vec();
        // Reads files, and may take long over the password of a key.
        let config = tokio::task::spawn_blocking(move || load(&settings, authorities, protocol))
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some((Instant::now(), Arc::clone(&config)));
        Ok(config)
    }
}

fn load(
    settings: &ClientTls,
    authorities: Authorities,
    protocol: Vec<u8>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let mut clock = Clock::new(SystemTime::now());
    // Named here, not taken from the process: another library may have set another default, or none.
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| TlsError::new(format!("TLS can't be set up: {error}")))?;
    let builder = if !settings.verify {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Nothing(algorithms)))
    } else if !settings.check_hostname {
        let authorities = trusted(settings, authorities, &mut clock)?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(ChainOnly {
                authorities,
                algorithms,
            }))
    } else {
        builder.with_root_certificates(trusted(settings, authorities, &mut clock)?)
    };
    let mut config = match &settings.certfile {
        None => builder.with_no_client_auth(),
        Some(certfile) => {
            let keyfile = settings.keyfile.as_ref();
            let setting = keyfile.map_or(Setting::Certfile, |_| Setting::Keyfile);
            let key = File::read(setting, Side::Client, keyfile.unwrap_or(certfile));
            let certificate = File::read(Setting::Certfile, Side::Client, certfile);
            let password = settings.keyfile_password.as_deref();
            let identity = identity(&certificate, &key, password, &provider, &mut clock)?;
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
        }
    };
    config.alpn_protocols = vec![protocol];
    Ok(Arc::new(config))
}

/// The authorities that a server's certificate may come from.
fn trusted(
    settings: &ClientTls,
    authorities: Authorities,
    clock: &mut Clock,
) -> Result<RootCertStore, TlsError> {
    let Some(bundle) = &settings.ca_bundle else {
        let system = system();
        if system.is_empty() {
            return Err(TlsError::new(
                "ca_bundle is missing, and the system has no certificate authorities that could stand for it: name the \
                 authority of the server's certificate, or install the system's (package ca-certificates)",
            ));
        }
        return Ok(system);
    };
    let mut trusted = certificate::authorities(&File::read(Setting::CaBundle, Side::Client, bundle), clock)?;
    if authorities == Authorities::BundleAndSystem {
        trusted.extend(system().roots);
    }
    Ok(trusted)
}

/// The authorities that the system trusts, as far as they can be read.
fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// What went wrong in a handshake, with the way out where the operator has one.
fn describe(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "the server's certificate does not come from an authority that is trusted here: name its authority in ca_bundle"
                .to_owned()
        }
        Some(Error::InvalidCertificate(reason)) => {
            format!("the server's certificate is refused: {reason}")
        }
        Some(Error::AlertReceived(alert)) => {
            format!("the server refuses the TLS connection ({alert:?}){}", way_out(*alert))
        }
        Some(Error::InvalidMessage(_)) => {
            "the server does not answer with TLS: leave out the tls section, or check the port".to_owned()
        }
        _ => format!("no TLS connection: {error}"),
    }
}

fn way_out(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::HandshakeFailure
        | AlertDescription::UnknownCA
        | AlertDescription::DecryptError => {
            ": it wants a client certificate of an authority that it trusts, in certfile and keyfile"
        }
        _ => "",
    }
}

/// Whether a connection ended because the server refused the handshake, which in TLS 1.3 shows only afterwards. It has not
/// read anything that was sent to it then. What is to be said about it.
pub(in crate::host) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = within.and_then(|inner| inner.downcast_ref::<Error>());
        if let Some(Error::AlertReceived(alert)) = tls.or_else(|| error.downcast_ref()) {
            return match alert {
                AlertDescription::CloseNotify
                | AlertDescription::UserCanceled
                | AlertDescription::InternalError
                | AlertDescription::UnexpectedMessage
                | AlertDescription::BadRecordMac
                | AlertDescription::RecordOverflow => None,
                _ => Some(format!(
                    "the server refuses the TLS connection ({alert:?}){}",
                    way_out(*alert)
                )),
            };
        }
        next = error.source();
    }
    None
}
