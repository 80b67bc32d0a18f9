//! Revisions of MCP, and how a request says which is its own.

use super::{
    error::{Data, MessageError, shortened},
    members::{Members, Object, is_object, string},
    method,
    params::Meta,
    request::Request,
};
use crate::protocol::code;

/// The revisions that are served, oldest first. Each begins with a handshake but the last, which has none.
pub(crate) const VERSIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS];
/// What hosts ask for, and the answer to a handshake that asks for a revision that is not known, or has no handshake; as on the
/// Python server.
pub(crate) const LATEST_HANDSHAKE: &str = "2025-11-25";
/// The first revision without a handshake: each request says what it needs.
const STATELESS: &str = "2026-07-28";

/// In which form a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    Handshake,
    Stateless,
}

/// The revision of a handshake that asks for `requested`.
pub(crate) fn negotiated(requested: &str) -> &'static str {
    VERSIONS
        .into_iter()
        .find(|known| *known == requested && *known != STATELESS)
        .unwrap_or(LATEST_HANDSHAKE)
}

pub(crate) fn is_known(version: &str) -> bool {
    VERSIONS.contains(&version)
}

/// Whether requests of this version say what they need. Versions are dates.
pub(crate) fn is_stateless(version: &str) -> bool {
    version >= STATELESS
}

impl Request<'_> {
    /// The version of the protocol that the request itself names.
    pub(crate) fn version(&self) -> Option<std::borrow::Cow<'_, str>> {
        string(self.meta().protocol_version?)
    }

    fn meta(&self) -> Meta<'_> {
        self.params.meta.map(Object::members).unwrap_or_default()
    }

    /// Whether this is the handshake of the older revisions. A request that names a newer one has none.
    pub(crate) fn is_handshake(&self) -> bool {
        self.method == method::INITIALIZE && !self.version().as_deref().is_some_and(is_stateless)
    }

    /// The form of the answer.
    pub(crate) fn revision(&self) -> Result<Revision, MessageError> {
        if self.is_handshake() {
            return Ok(Revision::Handshake);
        }
        let version = self.version();
        if let Some(version) = version.as_deref().filter(|version| !is_known(version)) {
            let requested = shortened(version);
            let message = format!("Unsupported protocol version: {requested:?}");
            let data = Data::Versions {
                supported: &VERSIONS,
                requested,
            };
            let error = MessageError::new(code::UNSUPPORTED_PROTOCOL_VERSION, message).with_data(data);
            return Err(error.with_id(Some(self.id.clone())));
        }
        let is_stateless = version.as_deref().is_some_and(is_stateless);
        if is_stateless || self.method == method::DISCOVER {
            self.check_meta()?;
        }
        Ok(if is_stateless {
            Revision::Stateless
        } else {
            Revision::Handshake
        })
    }

    /// Whether everything is there that a request without a handshake must say.
    pub(crate) fn check_meta(&self) -> Result<(), MessageError> {
        let Meta {
            protocol_version,
            client_capabilities,
        } = self.meta();
        let [version, capabilities] = [0, 1].map(|place| <Meta<'_> as Members<'_>>::NAMES[place]);
        let mut missing = Vec::new();
        if protocol_version.and_then(string).is_none() {
            missing.push(version);
        }
        if !client_capabilities.is_some_and(is_object) {
            missing.push(capabilities);
        }
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "Invalid params: _meta of the request lacks fields that it must have, or they are of another type: {}",
            missing.join(", ")
        );
        Err(MessageError::new(code::INVALID_PARAMS, message).with_id(Some(self.id.clone())))
    }
}
