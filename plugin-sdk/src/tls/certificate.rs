//! The certificates: one's own, and those of the authorities of the other side.

use std::time::SystemTime;

use pkcs8::der::{
    self, DateTime, Decode, Reader, SliceReader, Tag, TagNumber,
    asn1::{GeneralizedTime, UtcTime},
};
use tokio_rustls::rustls::{RootCertStore, pki_types::CertificateDer};

use super::{TlsError, file::File, pem};

/// The present, and the next instant at which it matters: when the same files would have to be judged anew, because a
/// certificate begins to be valid or ends to be.
pub(crate) struct Clock {
    pub(crate) now: SystemTime,
    pub(crate) review_at: Option<SystemTime>,
}

impl Clock {
    pub(crate) fn new(now: SystemTime) -> Self {
        Self { now, review_at: None }
    }

    fn judge(&mut self, validity: &Validity) -> Judgement {
        let (begins, ends) = (validity.begins.to_system_time(), validity.ends.to_system_time());
        for instant in [begins, ends] {
            if instant > self.now && self.review_at.is_none_or(|review_at| instant < review_at) {
                self.review_at = Some(instant);
            }
        }
        if self.now < begins {
            Judgement::NotYet(validity.begins)
        } else if self.now >= ends {
            Judgement::Expired(validity.ends)
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
        let validity = validity(file, index, certificate)?;
        match clock.judge(&validity) {
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
/// beside the new one for a while; the library that checks the other side would trust it for ever.
pub(crate) fn authorities(file: &File<'_>, clock: &mut Clock) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for (index, certificate) in pem::certificates(file)?.into_iter().enumerate() {
        let validity = validity(file, index, &certificate)?;
        match clock.judge(&validity) {
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

struct Validity {
    begins: DateTime,
    ends: DateTime,
}

fn validity(file: &File<'_>, index: usize, certificate: &CertificateDer<'_>) -> Result<Validity, TlsError> {
    SliceReader::new(certificate)
        .and_then(|mut reader| read_validity(&mut reader))
        .map_err(|error| unreadable(file, index, &error))
}

/// Reads as far as the validity. Two fields don't warrant a parser for everything that can be in a certificate; the library
/// that serves it parses the rest.
fn read_validity(reader: &mut SliceReader<'_>) -> der::Result<Validity> {
    fn skip(reader: &mut SliceReader<'_>) -> der::Result<()> {
        reader.tlv_bytes().map(drop)
    }
    fn rest(reader: &mut SliceReader<'_>) -> der::Result<()> {
        let length = reader.remaining_len();
        reader.read_slice(length).map(drop)
    }
    reader.sequence(|certificate| {
        let validity = certificate.sequence(|body| {
            let version = Tag::ContextSpecific {
                constructed: true,
                number: TagNumber(0),
            };
            if Tag::peek(body)? == version {
                skip(body)?;
            }
            // Serial number, signature algorithm, issuer.
            for _ in 0..3 {
                skip(body)?;
            }
            let validity = body.sequence(|validity| {
                Ok::<_, der::Error>(Validity {
                    begins: read_time(validity)?,
                    ends: read_time(validity)?,
                })
            })?;
            rest(body)?;
            Ok::<_, der::Error>(validity)
        })?;
        rest(certificate)?;
        Ok(validity)
    })
}

fn read_time(reader: &mut SliceReader<'_>) -> der::Result<DateTime> {
    if Tag::peek(reader)? == Tag::UtcTime {
        UtcTime::decode(reader).map(|time| time.to_date_time())
    } else {
        GeneralizedTime::decode(reader).and_then(|time| DateTime::from_unix_duration(time.to_unix_duration()))
    }
}
