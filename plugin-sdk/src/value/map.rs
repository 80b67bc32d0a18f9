//! The ordered map of payloads, contexts and results.

use std::{fmt, ops::Index};

use super::{
    Value,
    deep::has_inside,
    iter::{Iter, IterMut},
    lazy::{Lazy, MapValue, Span, Wire},
    table::{Key, Slot, Table},
};
use crate::codec::{CodecError, message::Message, plain};

/// A map with string keys that keeps the order of its entries: an object of a payload, a context or a result.
///
/// `Map` holds values of any kind, `Map<String>` only strings (headers, prompt arguments). It reads and writes like a map
/// of `serde_json`, and converts from and to one. What a plugin does not read of a map is not parsed, and goes back as the
/// bytes it came in.
///
/// A map field that was absent or null in a payload reads as an empty map, and is absent or null again when it goes back
/// empty.
///
/// ```
/// use plugin_sdk::{Map, Value};
///
/// let mut map = Map::from([("tool", "search")]);
/// map.insert("count".into(), 3.into());
/// assert_eq!(map["tool"], "search");
/// assert_eq!(map.get("count").and_then(Value::as_i64), Some(3));
/// assert_eq!(map.keys().collect::<Vec<_>>(), ["tool", "count"]);
/// ```
///
/// However deep its values nest, a map is dropped, cloned and compared without recursion.
pub struct Map<V: MapValue = Value> {
    pub(super) table: Table<V>,
    /// The bytes that unread entries lie in.
    pub(super) wire: Option<Wire>,
    /// Whether the entries may differ from the ones in `wire`.
    changed: bool,
    arrived: Arrived,
}

impl<V: MapValue> Drop for Map<V> {
    #[inline]
    fn drop(&mut self) {
        if self.may_be_deep() {
            V::drop_inside(self);
        }
    }
}

impl<V: MapValue> Clone for Map<V> {
    fn clone(&self) -> Self {
        V::clone_map(self)
    }
}

/// What stood in the document in place of this map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    Absent,
    Null,
    Object,
}

impl<V: MapValue> Map<V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::arrived_as(Arrived::Absent)
    }

    /// An empty map that stands for an object, and not for nothing.
    pub(super) fn object() -> Self {
        Self::arrived_as(Arrived::Object)
    }

    /// A map over the checked bytes of a `Struct`. Its entries are found, not read.
    pub(crate) fn of_wire(wire: Wire) -> Result<Self, CodecError> {
        let table = match Self::plain_entries(&wire) {
            Some(table) => table,
            None => Self::entries(&wire)?,
        };
        Ok(Self {
            table,
            wire: Some(wire),
            changed: false,
            arrived: Arrived::Object,
        })
    }

    fn plain_entries(wire: &Wire) -> Option<Table<V>> {
        let bytes = wire.bytes();
        let mut table = Table::for_wire(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (key, value) = plain::entry(&mut rest)?;
            let place = Key::Wire(Span::within(bytes, key));
            table.set(wire, key, place, Lazy::of_span(Span::within(bytes, value)));
        }
        Some(table)
    }

    fn entries(wire: &Wire) -> Result<Table<V>, CodecError> {
        let mut table = Table::new();
        let mut entries = Message::new(wire.bytes()).entries();
        while let Some(entry) = entries.next_entry()? {
            let key = entry.key_slice();
            let value = Lazy::of_wire(wire, &entry.value)?;
            table.set(wire, key.bytes, Key::Wire(Span::of(&key)), value);
        }
        Ok(table)
    }

    pub(super) fn arrived_as(arrived: Arrived) -> Self {
        Self {
            table: Table::new(),
            wire: None,
            changed: false,
            arrived,
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.table.slots().len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.table.slots().is_empty()
    }

    /// Whether this is an empty map in place of a field that the document did not have; for serde's
    /// `skip_serializing_if`.
    pub fn was_absent(&self) -> bool {
        self.is_empty() && self.arrived == Arrived::Absent
    }

    pub(super) fn is_null(&self) -> bool {
        self.is_empty() && self.arrived == Arrived::Null
    }

    /// The same map with these entries, which are a clone of its own.
    pub(super) fn with_clone(&self, table: Table<V>) -> Self {
        Self {
            table,
            wire: self.wire.clone(),
            changed: self.changed,
            arrived: self.arrived,
        }
    }

    pub(super) fn mark_unchanged(&mut self) {
        self.changed = false;
    }

    /// What was only read is as deep as it may arrive.
    pub(super) fn may_be_deep(&self) -> bool {
        self.untouched().is_none()
    }

    /// The wire bytes of the whole map, while nothing was changed.
    pub(crate) fn untouched(&self) -> Option<&Wire> {
        if self.changed { None } else { self.wire.as_ref() }
    }

    /// Whether there is an entry with this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.table.get(self.wire.as_ref(), key).is_some()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&V> {
        let wire = self.wire.as_ref();
        Some(self.table.get(wire, key)?.value.get(wire))
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        let wire = self.wire.as_ref();
        let slot = self.table.get_mut(wire, key)?;
        self.changed = true;
        Some(slot.value.get_mut(wire))
    }

    /// Sets the value of a key, and returns the one it had. A new key goes to the end.
    pub fn insert(&mut self, key: String, value: V) -> Option<V> {
        self.changed = true;
        let wire = self.wire.as_ref();
        if let Some(slot) = self.table.get_mut(wire, &key) {
            return Some(std::mem::replace(slot.value.get_mut(wire), value));
        }
        let (key, value) = (Key::Owned(key.into_boxed_str()), value.into());
        self.table.push(wire, Slot { key, value });
        None
    }

    /// Removes an entry, and returns its value. The others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<V> {
        let wire = self.wire.as_ref();
        let slot = self.table.remove(wire, key)?;
        self.changed = true;
        Some(slot.value.into_value(wire))
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        self.changed |= !self.is_empty();
        self.table = Table::new();
    }

    /// Keeps the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut V) -> bool) {
        self.changed |= !self.is_empty();
        let wire = self.wire.as_ref();
        self.table
            .retain(wire, |slot| keep(slot.key.as_str(wire), slot.value.get_mut(wire)));
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        let slots = self.table.slots().iter();
        slots.map(|slot| slot.key.as_str(self.wire.as_ref()))
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> + DoubleEndedIterator + Clone {
        let slots = self.table.slots().iter();
        slots.map(|slot| slot.value.get(self.wire.as_ref()))
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut V> + DoubleEndedIterator {
        self.changed |= !self.is_empty();
        let wire = self.wire.as_ref();
        let slots = self.table.slots_mut().iter_mut();
        slots.map(move |slot| slot.value.get_mut(wire))
    }

    /// The entries, in order.
    pub fn iter(&self) -> Iter<'_, V> {
        Iter {
            slots: self.table.slots().iter(),
            wire: self.wire.as_ref(),
        }
    }

    /// The entries, their values to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_, V> {
        self.changed |= !self.is_empty();
        IterMut {
            slots: self.table.slots_mut().iter_mut(),
            wire: self.wire.as_ref(),
        }
    }
}

impl Map {
    /// Whether there are values inside of the map's own values.
    pub(super) fn is_deep(&self) -> bool {
        let mut own = self.table.slots().iter().filter_map(|slot| slot.value.own());
        own.any(has_inside)
    }

    /// Takes the values that have others inside.
    pub(super) fn take_inside(&mut self, into: &mut Vec<Value>) {
        let own = self
            .table
            .slots_mut()
            .iter_mut()
            .filter_map(|slot| slot.value.own_mut());
        into.extend(own.filter(|value| has_inside(value)).map(std::mem::take));
    }
}

impl<V: MapValue> Default for Map<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: MapValue> fmt::Debug for Map<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        V::show_map(self, formatter)
    }
}

/// Two maps are equal when they have equal entries, in whatever order.
impl<V: MapValue> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        V::equal_maps(self, other)
    }
}

impl<V: MapValue> Index<&str> for Map<V> {
    type Output = V;

    /// The value of a key; `null`, or an empty string, where there is none, as with [`Value`].
    fn index(&self, key: &str) -> &V {
        self.get(key).unwrap_or(V::ABSENT)
    }
}

impl<K: Into<String>, V: MapValue, T: Into<V>> Extend<(K, T)> for Map<V> {
    fn extend<I: IntoIterator<Item = (K, T)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key.into(), value.into());
        }
    }
}

impl<K: Into<String>, V: MapValue, T: Into<V>> FromIterator<(K, T)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(entries: I) -> Self {
        let mut map = Self::arrived_as(Arrived::Object);
        map.extend(entries);
        map
    }
}

/// Only for maps of any values, so that `Map::from([...])` needs no annotation; headers are collected.
impl<K: Into<String>, T: Into<Value>, const N: usize> From<[(K, T); N]> for Map {
    fn from(entries: [(K, T); N]) -> Self {
        entries.into_iter().collect()
    }
}
