//! The entries of a map, in order, and where each key stands.

use std::collections::HashMap;

use super::lazy::{Lazy, MapValue, Span, Wire};

/// The bytes that unread keys and values lie in belong to the map, which passes them along.
#[derive(Clone, Debug)]
pub(super) struct Table<V> {
    slots: Vec<Slot<V>>,
    /// Where each key stands. Small tables are searched faster from front to back.
    #[expect(
        clippy::box_collection,
        reason = "few maps have one, and every value has room for a map"
    )]
    places: Option<Box<HashMap<Box<[u8]>, usize>>>,
}

/// From this size on a table is searched by hash.
const SEARCH_BY_HASH: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct Slot<V> {
    pub(super) key: Key,
    pub(super) value: Lazy<V>,
}

#[derive(Clone, Debug)]
pub(super) enum Key {
    Owned(Box<str>),
    Wire(Span),
}

impl Key {
    #[inline]
    fn bytes<'a>(&'a self, wire: Option<&'a Wire>) -> &'a [u8] {
        match self {
            Self::Owned(key) => key.as_bytes(),
            Self::Wire(span) => wire.map_or(&[], |wire| wire.slice(*span).bytes),
        }
    }

    pub(super) fn as_str<'a>(&'a self, wire: Option<&'a Wire>) -> &'a str {
        match self {
            Self::Owned(key) => key,
            // The bytes were checked when they arrived.
            Self::Wire(_) => std::str::from_utf8(self.bytes(wire)).unwrap_or_default(),
        }
    }

    pub(super) fn into_string(self, wire: Option<&Wire>) -> String {
        match self {
            Self::Owned(key) => key.into_string(),
            Self::Wire(_) => self.as_str(wire).to_owned(),
        }
    }
}

impl<V: MapValue> Table<V> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            places: None,
        }
    }

    /// A table for the entries of a `Struct`, with room for as many as most have.
    pub(super) fn for_wire(bytes: &[u8]) -> Self {
        const FEW: usize = 6;
        let room = if bytes.is_empty() { 0 } else { FEW };
        Self {
            slots: Vec::with_capacity(room),
            places: None,
        }
    }

    /// A table of clones of these slots of another.
    pub(super) fn of_clones(&self, slots: Vec<Slot<V>>) -> Self {
        Self {
            slots,
            places: self.places.clone(),
        }
    }

    pub(super) fn slots(&self) -> &[Slot<V>] {
        &self.slots
    }

    pub(super) fn slots_mut(&mut self) -> &mut [Slot<V>] {
        &mut self.slots
    }

    pub(super) fn into_slots(self) -> Vec<Slot<V>> {
        self.slots
    }

    #[inline]
    fn find(&self, wire: Option<&Wire>, key: &[u8]) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(key).copied(),
            None => self.slots.iter().position(|slot| slot.key.bytes(wire) == key),
        }
    }

    /// Sets an entry that `wire` has. The last one of a key wins, in the place of the first.
    #[inline]
    pub(super) fn set(&mut self, wire: &Wire, key: &[u8], place: Key, value: Lazy<V>) {
        match self
            .find(Some(wire), key)
            .and_then(|place| self.slots.get_mut(place))
        {
            Some(slot) => slot.value = value,
            None => self.push(Some(wire), Slot { key: place, value }),
        }
    }

    pub(super) fn get(&self, wire: Option<&Wire>, key: &str) -> Option<&Slot<V>> {
        self.slots.get(self.find(wire, key.as_bytes())?)
    }

    pub(super) fn get_mut(&mut self, wire: Option<&Wire>, key: &str) -> Option<&mut Slot<V>> {
        let place = self.find(wire, key.as_bytes())?;
        self.slots.get_mut(place)
    }

    /// Adds an entry whose key is not there yet.
    pub(super) fn push(&mut self, wire: Option<&Wire>, slot: Slot<V>) {
        if let Some(places) = &mut self.places {
            places.insert(slot.key.bytes(wire).into(), self.slots.len());
        }
        self.slots.push(slot);
        self.index(wire);
    }

    pub(super) fn remove(&mut self, wire: Option<&Wire>, key: &str) -> Option<Slot<V>> {
        let place = self.find(wire, key.as_bytes())?;
        if let Some(places) = &mut self.places {
            places.remove(key.as_bytes());
            for later in places.values_mut().filter(|other| **other > place) {
                *later -= 1;
            }
        }
        Some(self.slots.remove(place))
    }

    pub(super) fn retain(&mut self, wire: Option<&Wire>, keep: impl FnMut(&mut Slot<V>) -> bool) {
        self.slots.retain_mut(keep);
        self.places = None;
        self.index(wire);
    }

    fn index(&mut self, wire: Option<&Wire>) {
        if self.places.is_none() && self.slots.len() > SEARCH_BY_HASH {
            let places = self.slots.iter().enumerate();
            let places = places.map(|(place, slot)| (slot.key.bytes(wire).into(), place));
            self.places = Some(Box::new(places.collect()));
        }
    }
}
