//! What has to be known of an X.509 certificate (RFC 5280).

use std::net::IpAddr;

use x509_cert::{
    der::{
        self, DateTime, Decode, Encode, ErrorKind, Tag, TagNumber, Tagged,
        asn1::{Any, ObjectIdentifier},
        oid::AssociatedOid,
    },
    ext::{
        Extensions,
        pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName, name::GeneralName},
    },
    name::Name as Subject,
    time::Validity,
};

const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
pub(super) const FOR_SERVERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
pub(super) const FOR_CLIENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

const EXTENSIONS: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(3),
};

/// A certificate. A field is read when it is asked for: an authority is trusted whatever its name and its extensions hold.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) begins: DateTime,
    pub(super) ends: DateTime,
    subject: Any,
    extensions: Option<Any>,
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
        let parts = Vec::<Any>::from_der(certificate)?;
        let body: Vec<Any> = parts.first().ok_or(ErrorKind::Failed)?.decode_as()?;
        // First the version, if it is given, then the serial number, the algorithm of the signature and the issuer.
        let mut fields = body
            .into_iter()
            .skip_while(|field| field.tag().is_context_specific())
            .skip(3);
        let validity: Validity = fields.next().ok_or(ErrorKind::Failed)?.decode_as()?;
        Ok(Self {
            begins: validity.not_before.to_date_time(),
            ends: validity.not_after.to_date_time(),
            subject: fields.next().ok_or(ErrorKind::Failed)?,
            extensions: fields.find(|field| field.tag() == EXTENSIONS),
        })
    }

    /// Whether it may sign others.
    pub(super) fn is_authority(&self) -> der::Result<bool> {
        let constraints: Option<BasicConstraints> = self.extension(BasicConstraints::OID)?;
        Ok(constraints.is_some_and(|constraints| constraints.ca))
    }

    /// Whether its key may be used in a handshake: to sign, or to encrypt or agree on a key.
    pub(super) fn is_for_handshakes(&self) -> der::Result<bool> {
        let usage: Option<KeyUsage> = self.extension(KeyUsage::OID)?;
        Ok(usage.is_none_or(|usage| {
            usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
        }))
    }

    /// Whether it may be shown by one end of a connection.
    pub(super) fn is_for(&self, usage: ObjectIdentifier) -> der::Result<bool> {
        let uses: Option<ExtendedKeyUsage> = self.extension(ExtendedKeyUsage::OID)?;
        Ok(uses.is_none_or(|uses| uses.0.contains(&usage) || uses.0.contains(&ANY_USE)))
    }

    /// The hosts that it is made out to.
    pub(super) fn names(&self) -> Vec<Name> {
        let names: Option<Vec<Any>> = self.extension(SubjectAltName::OID).ok().flatten();
        // Each by itself: one of a rare kind is no reason to lose the rest.
        let mut names: Vec<_> = names
            .iter()
            .flatten()
            .filter_map(|name| host(&GeneralName::from_der(&name.to_der().ok()?).ok()?))
            .collect();
        if names.is_empty() {
            // As hosts in Python do, which then compare the common name.
            let subject = self.subject.decode_as::<Subject>();
            let name = subject.and_then(|subject| subject.common_name());
            names.extend(name.ok().flatten().map(|name| common_name(&name.value())));
        }
        names
    }

    fn extension<T: for<'a> Decode<'a, Error = der::Error>>(
        &self,
        name: ObjectIdentifier,
    ) -> der::Result<Option<T>> {
        let Some(extensions) = &self.extensions else {
            return Ok(None);
        };
        let extensions = Extensions::from_der(extensions.value())?;
        let extension = extensions.iter().find(|extension| extension.extn_id == name);
        extension
            .map(|extension| T::from_der(extension.extn_value.as_bytes()))
            .transpose()
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
