//! A map as our codec writes it: entries that were not changed as the bytes in which they came, the others one by one.
//!
//! Where one argument of several is changed, that takes off a quarter of the instructions of a small call, and three quarters of
//! those of 64 KiB in many objects. Of the small call 5 % are due to entries that follow each other, which are written at once.

use super::{
    Map,
    lazy::{Lazy, MapValue, Span, Wire},
    table::{Key, Slot},
};
use crate::codec::plain;

impl<V: MapValue> Map<V> {
    pub(super) fn parts(&self) -> Parts<'_, V> {
        Parts {
            slots: self.table.slots().iter(),
            wire: self.wire.as_ref(),
            at: 0,
        }
    }
}

/// A part of a map, in order.
pub(super) enum Part<'a, V: MapValue> {
    /// Entries that follow each other in the bytes of the map and are as they came.
    Run(Run<'a>),
    Entry(&'a str, Entry<'a, V>),
}

/// The bytes of whole entries.
pub(super) struct Run<'a> {
    pub(super) bytes: &'a [u8],
    /// The levels that an object of them takes, at the most.
    pub(super) levels: u32,
}

/// The value of one entry.
pub(super) struct Entry<'a, V: MapValue> {
    value: &'a Lazy<V>,
    wire: Option<&'a Wire>,
}

impl<'a, V: MapValue> Entry<'a, V> {
    pub(super) fn value(&self) -> &'a V {
        self.value.get(self.wire)
    }

    /// The bytes of the value, unless the map has it for its own.
    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        self.value.wire(self.wire)
    }

    /// The levels that the bytes take, at the most.
    pub(super) fn levels(&self) -> u32 {
        self.wire.map_or(0, Wire::entry_levels)
    }
}

pub(super) struct Parts<'a, V> {
    slots: std::slice::Iter<'a, Slot<V>>,
    wire: Option<&'a Wire>,
    /// Where in the bytes the next entry begins, if nothing came between it and the one before.
    at: usize,
}

impl<'a, V: MapValue> Parts<'a, V> {
    /// As many of the next entries as are unchanged and follow each other.
    #[inline]
    fn run(&mut self) -> Option<Run<'a>> {
        let wire = self.wire?;
        let start = self.at;
        while let Some(end) = self
            .slots
            .as_slice()
            .first()
            .and_then(|slot| end(slot, wire, self.at))
        {
            self.at = end;
            self.slots.next();
        }
        (self.at > start).then(|| Run {
            bytes: wire.bytes().get(start..self.at).unwrap_or_default(),
            levels: wire.levels(),
        })
    }
}

/// Where an entry ends, if it is the one that begins at `at`, in its plain form and unchanged.
#[inline]
fn end<V: MapValue>(slot: &Slot<V>, wire: &Wire, at: usize) -> Option<usize> {
    let (Key::Wire(key_span), Some(value_span)) = (&slot.key, slot.value.unchanged()) else {
        return None;
    };
    let bytes = wire.bytes();
    let mut rest = bytes.get(at..)?;
    let (key, value) = plain::entry(&mut rest)?;
    let is_this = Span::within(bytes, key) == *key_span && Span::within(bytes, value) == value_span;
    is_this.then_some(bytes.len() - rest.len())
}

impl<'a, V: MapValue> Iterator for Parts<'a, V> {
    type Item = Part<'a, V>;

    #[inline]
    fn next(&mut self) -> Option<Part<'a, V>> {
        if let Some(run) = self.run() {
            return Some(Part::Run(run));
        }
        let slot = self.slots.next()?;
        self.at = slot.value.end();
        let entry = Entry {
            value: &slot.value,
            wire: self.wire,
        };
        Some(Part::Entry(slot.key.as_str(self.wire), entry))
    }
}
