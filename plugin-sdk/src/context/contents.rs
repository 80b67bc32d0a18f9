//! What a context holds.

use bytes::Bytes;

use super::{GlobalContext, section::Section};
use crate::value::Map;

/// The parts of a context, found in the bytes it came in or made.
#[derive(Clone, Default)]
pub(super) struct Contents {
    pub(super) global: GlobalContext,
    pub(super) state: Section,
    pub(super) metadata: Section,
    /// The message it came in.
    pub(super) raw: Bytes,
    /// Keys of the JSON form that this version does not know.
    pub(super) extra: Map,
}

impl Contents {
    pub(super) fn is_changed(&self) -> bool {
        self.state.is_changed() || self.metadata.is_changed() || self.global.is_changed()
    }
}
