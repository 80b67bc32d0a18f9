//! The iterators over a map.

use super::{
    Map,
    lazy::{MapValue, Wire},
    table::{Slot, Table},
};

/// The entries of a [`Map`].
pub struct Iter<'a, V> {
    pub(super) slots: std::slice::Iter<'a, Slot<V>>,
    pub(super) wire: Option<&'a Wire>,
}

impl<'a, V: MapValue> Iterator for Iter<'a, V> {
    type Item = (&'a str, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        Some((slot.key.as_str(self.wire), slot.value.get(self.wire)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slots.size_hint()
    }
}

impl<V: MapValue> ExactSizeIterator for Iter<'_, V> {}

/// The entries of a [`Map`], their values to be changed.
pub struct IterMut<'a, V> {
    pub(super) slots: std::slice::IterMut<'a, Slot<V>>,
    pub(super) wire: Option<&'a Wire>,
}

impl<'a, V: MapValue> Iterator for IterMut<'a, V> {
    type Item = (&'a str, &'a mut V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        Some((slot.key.as_str(self.wire), slot.value.get_mut(self.wire)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slots.size_hint()
    }
}

impl<V: MapValue> ExactSizeIterator for IterMut<'_, V> {}

impl<V: MapValue> DoubleEndedIterator for IterMut<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next_back()?;
        Some((slot.key.as_str(self.wire), slot.value.get_mut(self.wire)))
    }
}

/// The entries of a [`Map`], taken out of it.
pub struct IntoIter<V: MapValue> {
    slots: std::vec::IntoIter<Slot<V>>,
    wire: Option<Wire>,
}

impl<V: MapValue> Iterator for IntoIter<V> {
    type Item = (String, V);

    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        let wire = self.wire.as_ref();
        Some((slot.key.into_string(wire), slot.value.into_value(wire)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slots.size_hint()
    }
}

impl<V: MapValue> ExactSizeIterator for IntoIter<V> {}

impl<V: MapValue> IntoIterator for Map<V> {
    type Item = (String, V);
    type IntoIter = IntoIter<V>;

    fn into_iter(mut self) -> IntoIter<V> {
        IntoIter {
            slots: std::mem::replace(&mut self.table, Table::new())
                .into_slots()
                .into_iter(),
            wire: self.wire.take(),
        }
    }
}

impl<'a, V: MapValue> IntoIterator for &'a Map<V> {
    type Item = (&'a str, &'a V);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

impl<'a, V: MapValue> IntoIterator for &'a mut Map<V> {
    type Item = (&'a str, &'a mut V);
    type IntoIter = IterMut<'a, V>;

    fn into_iter(self) -> IterMut<'a, V> {
        self.iter_mut()
    }
}
