//! What has to be known of an X.509 certificate (RFC 5280).

use std::net::IpAddr;

use x509_cert::{
    certificate::{CertificateInner, Raw},
    der::{
        self, DateTime, Decode, Encode,
        asn1::{Any, ObjectIdentifier},
        oid::AssociatedOid,
    },
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName, name::GeneralName},
};

const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
pub(super) const FOR_SERVERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
pub(super) const FOR_CLIENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// A certificate, as far as it is read.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) begins: DateTime,
    pub(super) ends: DateTime,
    /// Whether it may sign others.
    pub(super) is_authority: bool,
    /// Whether its key may be used in a handshake: to sign, or to encrypt or agree on a key.
    pub(super) is_for_handshakes: bool,
    /// What it is for; anything if nothing is said.
    uses: Option<ExtendedKeyUsage>,
    /// The hosts that it is made out to.
    pub(super) names: Vec<Name>,
}

/// A host that a certificate is made out to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// May begin with `*.`.
    Dns(String),
    Address(IpAddr),
}

#[cfg(feature = "cli")]
impl Name {
    /// Whether a certificate with this name is for the host.
    pub(crate) fn is_of(&self, host: &str) -> bool {
        match self {
            Self::Address(address) => host.parse() == Ok(*address),
            Self::Dns(name) => match name.strip_prefix("*.") {
                Some(domain) => host
                    .split_once('.')
                    .is_some_and(|(first, rest)| !first.is_empty() && rest.eq_ignore_ascii_case(domain)),
                None => name.eq_ignore_ascii_case(host),
            },
        }
    }
}

#[cfg(feature = "cli")]
impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => formatter.write_str(name),
            Self::Address(address) => address.fmt(formatter),
        }
    }
}

impl Certificate {
    pub(super) fn read(certificate: &[u8]) -> der::Result<Self> {
        // `Raw` takes the serial numbers of old authorities, which are longer than the standard allows.
        let certificate = CertificateInner::<Raw>::from_der(certificate)?;
        let body = certificate.tbs_certificate();
        let constraints = body.get_extension::<BasicConstraints>()?;
        let usage = body.get_extension::<KeyUsage>()?;
        let uses = body.get_extension::<ExtendedKeyUsage>()?;
        let names = body
            .extensions()
            .into_iter()
            .flatten()
            .find(|extension| extension.extn_id == SubjectAltName::OID)
            .and_then(|extension| Vec::<Any>::from_der(extension.extn_value.as_bytes()).ok())
            .unwrap_or_default();
        // Each by itself: one of a rare kind is no reason to lose the rest.
        let mut names: Vec<_> = names
            .iter()
            .filter_map(|name| host(&GeneralName::from_der(&name.to_der().ok()?).ok()?))
            .collect();
        if names.is_empty() {
            // As hosts in Python do, which then compare the common name.
            let name = body.subject().common_name().ok().flatten();
            names.extend(name.map(|name| common_name(&name.value())));
        }
        Ok(Self {
            begins: body.validity().not_before.to_date_time(),
            ends: body.validity().not_after.to_date_time(),
            is_authority: constraints.is_some_and(|(_, constraints)| constraints.ca),
            is_for_handshakes: usage.is_none_or(|(_, usage)| {
                usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
            }),
            uses: uses.map(|(_, uses)| uses),
            names,
        })
    }

    /// Whether it may be shown by one end of a connection.
    pub(super) fn is_for(&self, usage: ObjectIdentifier) -> bool {
        self.uses
            .as_ref()
            .is_none_or(|uses| uses.0.contains(&usage) || uses.0.contains(&ANY_USE))
    }
}

/// The host that the common name of a subject is.
fn common_name(name: &str) -> Name {
    name.parse()
        .map_or_else(|_| Name::Dns(name.to_owned()), Name::Address)
}

fn host(name: &GeneralName) -> Option<Name> {
    match name {
        GeneralName::DnsName(name) => Some(Name::Dns(name.as_str().to_owned())),
        GeneralName::IpAddress(address) => {
            let address = address.as_bytes();
            let four = <[u8; 4]>::try_from(address).map(IpAddr::from).ok();
            four.or_else(|| <[u8; 16]>::try_from(address).map(IpAddr::from).ok())
                .map(Name::Address)
        }
        _ => None,
    }
}
