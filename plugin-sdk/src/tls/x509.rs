//! What has to be known of an X.509 certificate (RFC 5280). The library that serves it reads the rest.

use std::net::IpAddr;

use pkcs8::{
    ObjectIdentifier,
    der::{
        self, DateTime, Decode, ErrorKind, Reader, SliceReader, Tag, TagNumber, Tagged,
        asn1::{AnyRef, GeneralizedTime, UtcTime},
    },
};

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
pub(super) const FOR_SERVERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
pub(super) const FOR_CLIENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// The fields of the body of a certificate before its validity, behind which is its subject.
const VALIDITY: usize = 3;

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
    uses: Option<Vec<ObjectIdentifier>>,
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
        let body = first(parts(first(parts(certificate)?)?.value())?)?;
        let mut fields = parts(body.value())?.into_iter().peekable();
        fields.next_if(|field| field.tag() == context(0));
        // Behind serial number, signature algorithm and issuer.
        let validity = fields.nth(VALIDITY).ok_or(ErrorKind::Failed)?;
        let subject = fields.next().ok_or(ErrorKind::Failed)?;
        let [begins, ends] = parts(validity.value())?
            .try_into()
            .map_err(|_| der::Error::from(ErrorKind::Failed))?;
        let mut read = Self {
            begins: time(begins)?,
            ends: time(ends)?,
            is_authority: false,
            is_for_handshakes: true,
            uses: None,
            names: Vec::new(),
        };
        if let Some(extensions) = fields.find(|field| field.tag() == context(3)) {
            for extension in parts(first(parts(extensions.value())?)?.value())? {
                let extension = parts(extension.value())?;
                // Whether it is critical may stand between the two.
                if let [name, .., value] = extension.as_slice() {
                    read.extension(name.decode_as()?, value.value())?;
                }
            }
        }
        if read.names.is_empty() {
            // As hosts in Python do, which then compare the common name.
            read.names = common_name(subject).ok().flatten().into_iter().collect();
        }
        Ok(read)
    }

    fn extension(&mut self, name: ObjectIdentifier, value: &[u8]) -> der::Result<()> {
        match name {
            BASIC_CONSTRAINTS => {
                let constraints = parts(first(parts(value)?)?.value())?;
                self.is_authority = constraints
                    .first()
                    .is_some_and(|is_authority| is_authority.decode_as::<bool>() == Ok(true));
            }
            KEY_USAGE => {
                const HANDSHAKES: u8 = 0b1010_1000;
                // The first byte counts the bits that are not used.
                let bits = AnyRef::from_der(value)?.value().get(1).copied();
                self.is_for_handshakes = bits.is_some_and(|bits| bits & HANDSHAKES != 0);
            }
            EXTENDED_KEY_USAGE => {
                let uses = parts(first(parts(value)?)?.value())?;
                self.uses = Some(
                    uses.into_iter()
                        .map(AnyRef::decode_as)
                        .collect::<Result<_, _>>()?,
                );
            }
            SUBJECT_ALT_NAME => {
                let names = parts(first(parts(value)?)?.value())?;
                self.names = names.into_iter().filter_map(host).collect();
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether it may be shown by one end of a connection.
    pub(super) fn is_for(&self, usage: ObjectIdentifier) -> bool {
        self.uses
            .as_ref()
            .is_none_or(|uses| uses.contains(&usage) || uses.contains(&ANY_USE))
    }
}

/// The host that the common name of a subject is.
fn common_name(subject: AnyRef<'_>) -> der::Result<Option<Name>> {
    for set in parts(subject.value())? {
        for attribute in parts(set.value())? {
            if let [kind, value] = parts(attribute.value())?.as_slice()
                && kind.decode_as::<ObjectIdentifier>()? == COMMON_NAME
            {
                let name = String::from_utf8(value.value().to_vec()).ok();
                return Ok(name.map(|name| match name.parse() {
                    Ok(address) => Name::Address(address),
                    Err(_) => Name::Dns(name),
                }));
            }
        }
    }
    Ok(None)
}

fn host(name: AnyRef<'_>) -> Option<Name> {
    match name.tag() {
        Tag::ContextSpecific {
            number: TagNumber(2), ..
        } => String::from_utf8(name.value().to_vec()).ok().map(Name::Dns),
        Tag::ContextSpecific {
            number: TagNumber(7), ..
        } => {
            let address = name.value();
            let four = <[u8; 4]>::try_from(address).map(IpAddr::from).ok();
            four.or_else(|| <[u8; 16]>::try_from(address).map(IpAddr::from).ok())
                .map(Name::Address)
        }
        _ => None,
    }
}

fn time(time: AnyRef<'_>) -> der::Result<DateTime> {
    if time.tag() == Tag::UtcTime {
        time.decode_as::<UtcTime>().map(|time| time.to_date_time())
    } else {
        time.decode_as::<GeneralizedTime>()
            .and_then(|time| DateTime::from_unix_duration(time.to_unix_duration()))
    }
}

fn context(number: u32) -> Tag {
    Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    }
}

/// The values that stand one after the other.
fn parts(bytes: &[u8]) -> der::Result<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(bytes)?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(AnyRef::decode(&mut reader)?);
    }
    Ok(parts)
}

fn first(parts: Vec<AnyRef<'_>>) -> der::Result<AnyRef<'_>> {
    parts.into_iter().next().ok_or_else(|| ErrorKind::Failed.into())
}
