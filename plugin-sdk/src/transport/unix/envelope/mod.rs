//! Many calls at one time on one connection, answered as they finish (`docs/envelope.md`).

mod connection;
mod message;

pub(super) use connection::EnvelopeConnection;
pub(crate) use message::{Envelope, Kind, LONGEST_LISTING, OVERHEAD, put};
