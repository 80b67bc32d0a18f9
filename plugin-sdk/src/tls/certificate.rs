//! The certificates: one's own, and those of the authorities of the other side.

use std::{path::Path, time::SystemTime};

use tokio_rustls::rustls::{RootCertStore, pki_types::CertificateDer};
use x509_cert::der::{self, DateTime};

use super::{
    TlsError,
    file::{File, Setting, Side},
    pem,
    x509::{Certificate, FOR_CLIENTS, FOR_SERVERS, Name},
};

/// The present, and the next instant at which it matters: when the same files would have to be judged again, because a
/// certificate begins to be valid or ends to be.
pub(crate) struct Clock {
    pub(crate) now: SystemTime,
    pub(crate) review_at: Option<SystemTime>,
}

impl Clock {
    pub(crate) fn new(now: SystemTime) -> Self {
        Self { now, review_at: None }
    }

    fn judge(&mut self, certificate: &Certificate) -> Judgement {
        let (begins, ends) = (
            certificate.begins.to_system_time(),
            certificate.ends.to_system_time(),
        );
        for instant in [begins, ends] {
            if instant > self.now && self.review_at.is_none_or(|review_at| instant < review_at) {
                self.review_at = Some(instant);
            }
        }
        if self.now < begins {
            Judgement::NotYet(certificate.begins)
        } else if self.now >= ends {
            Judgement::Expired(certificate.ends)
        } else {
            Judgement::Valid
        }
    }
}

enum Judgement {
    NotYet(DateTime),
    Valid,
    Expired(DateTime),
}

/// One's own certificate with its intermediate ones, in the order of the file.
pub(crate) fn chain(file: &File<'_>, clock: &mut Clock) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = pem::certificates(file)?;
    for (index, certificate) in chain.iter().enumerate() {
        let certificate = read(file, index, certificate)?;
        if index == 0 {
            let problem = misuse(file.side, &certificate).map_err(|error| unreadable(file, index, &error))?;
            if let Some(problem) = problem {
                return Err(TlsError::file(file, problem));
            }
        }
        match clock.judge(&certificate) {
            Judgement::Valid => {}
            Judgement::NotYet(begins) if index == 0 => {
                return Err(TlsError::file(
                    file,
                    format!(
                        "is not valid before {begins}: wait until then, use another certificate, or set the clock right"
                    ),
                ));
            }
            Judgement::Expired(ends) if index == 0 => {
                return Err(TlsError::file(
                    file,
                    format!("has expired on {ends}: renew the certificate"),
                ));
            }
            // The other side may have another way to an authority that they trust.
            Judgement::NotYet(_) | Judgement::Expired(_) => {
                tracing::warn!(
                    "{file}: certificate {} in it is not valid at this time",
                    index + 1
                );
            }
        }
    }
    Ok(chain)
}

/// The certificate authorities of the other side. One that is not valid at this time is left out, as a bundle holds the old one
/// along with the new one for a while; the library that checks the other side would trust it for ever.
pub(crate) fn authorities(file: &File<'_>, clock: &mut Clock) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for (index, certificate) in pem::certificates(file)?.into_iter().enumerate() {
        let judgement = clock.judge(&read(file, index, &certificate)?);
        match judgement {
            Judgement::Valid => roots
                .add(certificate)
                .map_err(|error| unreadable(file, index, &error))?,
            Judgement::NotYet(begins) => {
                tracing::warn!(
                    "{file}: certificate {} in it is left out until {begins}",
                    index + 1
                );
            }
            Judgement::Expired(ends) => {
                tracing::warn!(
                    "{file}: certificate {} in it is left out, it has expired on {ends}",
                    index + 1
                );
            }
        }
    }
    if roots.is_empty() {
        return Err(TlsError::file(
            file,
            format!(
                "has no certificate that is valid at this time: add the current certificate authority of {}",
                file.side.others()
            ),
        ));
    }
    Ok(roots)
}

fn unreadable(file: &File<'_>, index: usize, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::file(
        file,
        format!(
            "can't be used, certificate {} in it is not an X.509 certificate ({error}): write it again",
            index + 1
        ),
    )
}

fn read(file: &File<'_>, index: usize, certificate: &CertificateDer<'_>) -> Result<Certificate, TlsError> {
    Certificate::read(certificate).map_err(|error| unreadable(file, index, &error))
}

/// Why the other side would not take the certificate from this one.
fn misuse(side: Side, certificate: &Certificate) -> der::Result<Option<String>> {
    let (usage, usage_name) = match side {
        Side::Server => (FOR_SERVERS, "serverAuth"),
        Side::Client => (FOR_CLIENTS, "clientAuth"),
    };
    let problem = if side == Side::Server && certificate.is_authority()? {
        "is the certificate of an authority (CA:TRUE), which is not for a server: name one that the authority has signed; \
         a self-signed one is made with `openssl req -x509 -addext basicConstraints=critical,CA:FALSE`"
            .to_owned()
    } else if !certificate.is_for_handshakes()? {
        "is not for TLS, its key usage has none of digitalSignature, keyEncipherment and keyAgreement: name another, or have \
         one made with digitalSignature"
            .to_owned()
    } else if !certificate.is_for(usage)? {
        format!(
            "is not {} certificate, its extended key usage lacks {usage_name}: name another, or have one made with it",
            side.owner()
        )
    } else {
        return Ok(None);
    };
    Ok(Some(problem))
}

/// The hosts that a server's certificate is made out to; none if it can't be read.
pub(crate) fn names(certfile: &Path) -> Vec<Name> {
    let file = File::read(Setting::Certfile, Side::Server, certfile);
    let chain = pem::certificates(&file).unwrap_or_default();
    let first = chain.first().and_then(|first| Certificate::read(first).ok());
    first.map(|certificate| certificate.names()).unwrap_or_default()
}
