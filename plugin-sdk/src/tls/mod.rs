//! Certificates and keys from PEM files, as servers and clients of TLS use them. The messages name the setting, the file and the
//! way out.

pub(crate) mod certificate;
mod error;
pub(crate) mod file;
pub(crate) mod identity;
mod key;
mod pem;
mod x509;

pub(crate) use error::TlsError;
#[cfg(feature = "cli")]
pub(crate) use x509::Name;
