//! The clone of a map while it is made, so that what its values have inside can be cloned in between.

use super::{
    Map, Value,
    deep::flat,
    table::{Slot, Table},
};

/// A clone of the first entries of a map.
pub(super) struct Cloning<'a> {
    map: &'a Map,
    slots: Vec<Slot<Value>>,
}

impl<'a> Cloning<'a> {
    pub(super) fn of(map: &'a Map) -> Self {
        Self {
            map,
            slots: Vec::with_capacity(map.len()),
        }
    }

    fn next(&self) -> Option<&'a Slot<Value>> {
        self.map.table.slots().get(self.slots.len())
    }

    fn push(&mut self, slot: &Slot<Value>, own: Option<Value>) {
        self.slots.push(Slot {
            key: slot.key.clone(),
            value: slot.value.clone_with(own),
        });
    }

    /// Clones entries up to one whose value has others inside, which is then to be [added](Self::add).
    pub(super) fn next_inside(&mut self) -> Option<&'a Value> {
        while let Some(slot) = self.next() {
            match slot.value.own().map(|own| (own, flat(own))) {
                None => self.push(slot, None),
                Some((_, Some(own))) => self.push(slot, Some(own)),
                Some((own, None)) => return Some(own),
            }
        }
        None
    }

    /// Adds the clone of the value that comes next.
    pub(super) fn add(&mut self, value: Value) {
        if let Some(slot) = self.next() {
            self.push(slot, Some(value));
        }
    }

    pub(super) fn finish(&mut self) -> Map {
        let table: &Table<Value> = &self.map.table;
        self.map
            .with_clone(table.of_clones(std::mem::take(&mut self.slots)))
    }
}
