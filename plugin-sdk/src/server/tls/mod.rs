//! TLS of the servers: certificates from PEM files, clients checked as configured, files read again when they change.
//!
//! A listener loads once (`Tls::load`), lets the files be watched in a task (`Tls::watch`), and accepts each connection in
//! a task of its own (`Tls::accept`), so that a slow client holds up nobody.

mod accept;
mod failures;
mod files;
mod heard;
mod load;
mod reload;
mod settings;
#[cfg(test)]
mod tests;

pub(crate) use crate::tls::TlsError;
pub(crate) use accept::DEFAULT_HANDSHAKE_TIMEOUT;
use failures::HandshakeFailure;
pub(crate) use heard::Heard;
pub(crate) use load::Tls;
pub(crate) use reload::DEFAULT_RELOAD_INTERVAL;
pub(crate) use settings::{ClientAuth, TlsSettings};
