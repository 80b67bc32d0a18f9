//! One map of a context, read when a hook asks for it.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::{
    codec::{
        CodecError, Writing,
        message::Message,
        nesting::{Levels, check_struct},
        raw::{Checked, part_of},
        wire::put_bytes,
        write_struct_as,
    },
    value::{Map, Wire},
};

/// State or metadata: the bytes it came in, and the map once it was asked for. Small, since every call has four and few are
/// asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    raw: Bytes,
    levels: u32,
    /// What was read of the bytes, until the map is asked for to be changed.
    read: OnceLock<Box<Map>>,
    own: Option<Box<Own>>,
}

/// A map that is not, or may not be, the one that came.
#[derive(Clone, Debug)]
struct Own {
    map: Map,
    /// The map as it was when it was first asked for to be changed. A flag in the map would miss that it was replaced.
    before: Option<Map>,
}

impl Section {
    /// A section from the bytes of a `Struct`, which are checked here and read later.
    pub(super) fn of_wire(raw: Bytes, levels: Levels) -> Result<Self, CodecError> {
        if raw.is_empty() {
            return Ok(Self::default());
        }
        let levels = check_struct(&Message::new(&raw), levels)?;
        Ok(Self {
            raw,
            levels,
            ..Self::default()
        })
    }

    pub(super) fn of_map(map: Map) -> Self {
        Self {
            own: Some(Box::new(Own { map, before: None })),
            ..Self::default()
        }
    }

    pub(super) fn map(&self) -> &Map {
        match &self.own {
            Some(own) => &own.map,
            None => self.read.get_or_init(|| Box::new(read(&self.raw, self.levels))),
        }
    }

    pub(super) fn map_mut(&mut self) -> &mut Map {
        let (raw, levels, earlier) = (&self.raw, self.levels, &mut self.read);
        let own = self.own.get_or_insert_with(|| {
            let map = earlier.take().map_or_else(|| read(raw, levels), |map| *map);
            Box::new(Own { map, before: None })
        });
        if own.before.is_none() {
            own.before = Some(own.map.clone());
        }
        &mut own.map
    }

    pub(super) fn is_changed(&self) -> bool {
        let before = |own: &Own| own.before.as_ref().is_some_and(|before| *before != own.map);
        self.own.as_deref().is_some_and(before)
    }

    /// The section as it is now, with nothing to be told from what it was.
    #[cfg(feature = "host")]
    pub(super) fn settled(self) -> Self {
        match self.own {
            Some(own) => Self::of_map(own.map),
            None => self,
        }
    }

    /// Appends the section as a message field: as the bytes it came in, or anew if it changed. An empty one is left out,
    /// as hosts read its absence as `{}`.
    pub(super) fn write(&self, out: &mut Vec<u8>, tag: u8, writing: Writing) -> Result<(), CodecError> {
        match &self.own {
            Some(own) if self.is_changed() || self.raw.is_empty() => {
                if !own.map.is_empty() {
                    write_struct_as(out, &own.map, tag, writing)?;
                }
            }
            _ if self.raw.is_empty() => {}
            _ => put_bytes(out, tag, &self.raw),
        }
        Ok(())
    }
}

fn read(raw: &Bytes, levels: u32) -> Map {
    if raw.is_empty() {
        return Map::new();
    }
    // The bytes were checked when they arrived.
    let bytes = part_of(raw, raw);
    Wire::new(Checked { bytes, levels })
        .and_then(Map::of_wire)
        .unwrap_or_default()
}
