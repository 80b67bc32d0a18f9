//! One map of a context, and whether a hook changed it.

use crate::{
    codec::{CodecError, Writing, write_struct_as},
    value::Map,
};

/// State or metadata.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    map: Map,
    /// The map as it was when it was first asked for to be changed. A flag in the map would miss that it was replaced.
    before: Option<Box<Map>>,
}

impl Section {
    pub(super) fn of_map(map: Map) -> Self {
        Self { map, before: None }
    }

    pub(super) fn map(&self) -> &Map {
        &self.map
    }

    pub(super) fn map_mut(&mut self) -> &mut Map {
        self.before.get_or_insert_with(|| Box::new(self.map.clone()));
        &mut self.map
    }

    pub(super) fn is_changed(&self) -> bool {
        self.before.as_deref().is_some_and(|before| *before != self.map)
    }

    /// The section as it is now, with nothing to be told from what it was.
    #[cfg(feature = "host")]
    pub(super) fn settled(self) -> Self {
        Self::of_map(self.map)
    }

    /// Appends the section as a message field: as the bytes it came in, or written again if it changed. An empty one is left out,
    /// as hosts read its absence as `{}`.
    pub(super) fn write(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError> {
        let map = match self.before.as_deref() {
            Some(before) if *before == self.map => before,
            _ => &self.map,
        };
        if map.is_empty() && map.untouched().is_none() {
            return Ok(());
        }
        write_struct_as(out, map, tag, writing).map(drop)
    }
}
