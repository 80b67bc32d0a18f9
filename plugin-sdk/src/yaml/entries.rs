//! The entries of a mapping: what a key that stands twice, and the key `<<`, make of them.

use std::collections::{HashMap, hash_map::Entry};

use super::node::{Content, Node};

/// A key that stands twice in one mapping.
#[derive(Debug)]
pub(super) struct RepeatedKey {
    pub(super) key: String,
    pub(super) line: u64,
    pub(super) earlier: u64,
}

/// The entries of a mapping in their order, with the line of each key.
#[derive(Default)]
pub(super) struct Entries {
    list: Vec<(String, (u64, Node))>,
    places: HashMap<String, usize>,
}

impl Entries {
    /// The last of several entries with one key counts, in the place of the first.
    pub(super) fn insert(&mut self, key: String, entry: (u64, Node)) -> Option<RepeatedKey> {
        match self.places.entry(key) {
            Entry::Vacant(place) => {
                let key = place.key().clone();
                place.insert(self.list.len());
                self.list.push((key, entry));
                None
            }
            Entry::Occupied(place) => {
                let line = entry.0;
                let (key, kept) = self.list.get_mut(*place.get())?;
                let (earlier, _) = std::mem::replace(kept, entry);
                Some(RepeatedKey {
                    key: key.clone(),
                    line,
                    earlier,
                })
            }
        }
    }

    /// Adds what a key `<<` stands for. Of a list, the first mapping with a key counts. `None` if it can't be merged.
    pub(super) fn merge(&mut self, value: Node) -> Option<()> {
        match value.content {
            Content::Mapping(entries) => {
                for (key, value) in entries {
                    self.insert(key, (value.line, value));
                }
            }
            Content::Sequence(items) => {
                for item in items.into_iter().rev() {
                    let Content::Mapping(entries) = item.content else {
                        return None;
                    };
                    for (key, value) in entries {
                        self.insert(key, (value.line, value));
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }

    pub(super) fn into_list(self) -> Vec<(String, (u64, Node))> {
        self.list
    }
}
