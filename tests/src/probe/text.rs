//! The strings in a value: looking at each, and replacing words in place.

use plugin_sdk::{Map, Value};

use super::config::Word;

/// Words to replace, in their order.
pub(super) struct Words(Vec<Word>);

impl Words {
    pub(super) fn new(words: Vec<Word>) -> Self {
        Self(words)
    }

    /// The string with its words replaced, if that makes it another string.
    fn replaced(&self, string: &str) -> Option<String> {
        let mut replaced: Option<String> = None;
        for word in &self.0 {
            let current = replaced.as_deref().unwrap_or(string);
            if current.contains(&word.search) {
                replaced = Some(current.replace(&word.search, &word.replace));
            }
        }
        replaced.filter(|replaced| replaced != string)
    }

    fn change(&self, text: &impl Text) -> bool {
        let mut change = false;
        text.visit(&mut |string| change = change || self.replaced(string).is_some());
        change
    }
}

/// A value that may have strings in it, at any depth. Keys are no strings.
pub(super) trait Text {
    /// Shows every string to `see`.
    fn visit(&self, see: &mut dyn FnMut(&str));

    /// Replaces words in every string, and tells whether a string changed.
    fn replace(&mut self, words: &Words) -> bool;
}

impl Text for String {
    fn visit(&self, see: &mut dyn FnMut(&str)) {
        see(self);
    }

    fn replace(&mut self, words: &Words) -> bool {
        let Some(replaced) = words.replaced(self) else {
            return false;
        };
        *self = replaced;
        true
    }
}

impl Text for Value {
    fn visit(&self, see: &mut dyn FnMut(&str)) {
        match self {
            Self::String(string) => see(string),
            Self::Array(items) => items.visit(see),
            Self::Object(map) => map.visit(see),
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }

    fn replace(&mut self, words: &Words) -> bool {
        match self {
            Self::String(string) => string.replace(words),
            Self::Array(items) => items.replace(words),
            Self::Object(map) => map.replace(words),
            Self::Null | Self::Bool(_) | Self::Number(_) => false,
        }
    }
}

impl<T: Text> Text for Vec<T> {
    fn visit(&self, see: &mut dyn FnMut(&str)) {
        for item in self {
            item.visit(see);
        }
    }

    fn replace(&mut self, words: &Words) -> bool {
        let mut changed = false;
        for item in self {
            changed |= item.replace(words);
        }
        changed
    }
}

impl<T: Text> Text for Option<T> {
    fn visit(&self, see: &mut dyn FnMut(&str)) {
        if let Some(text) = self {
            text.visit(see);
        }
    }

    fn replace(&mut self, words: &Words) -> bool {
        self.as_mut().is_some_and(|text| text.replace(words))
    }
}

macro_rules! text_of_map {
    ($($value:ty),+) => {
        $(impl Text for Map<$value> {
            fn visit(&self, see: &mut dyn FnMut(&str)) {
                for value in self.values() {
                    value.visit(see);
                }
            }

            fn replace(&mut self, words: &Words) -> bool {
                replace_entries!(self, words, |_| true)
            }
        })+
    };
}

/// Replaces words in the entries whose key is wanted. Borrows only entries that change: the others keep the bytes
/// that they came in.
macro_rules! replace_entries {
    ($map:expr, $words:expr, $wanted:expr) => {{
        let wanted: fn(&str) -> bool = $wanted;
        let entries = $map
            .iter()
            .filter(|(key, value)| wanted(key) && $words.change(*value));
        let keys: Vec<String> = entries.map(|(key, _)| key.to_owned()).collect();
        for key in &keys {
            if let Some(value) = $map.get_mut(key) {
                value.replace($words);
            }
        }
        !keys.is_empty()
    }};
}

text_of_map!(Value, String);

const DIRECTIVES: &str = "probe";

/// A field that can hold the directives, beside its text.
pub(super) trait Directed: Text {
    fn map(&self) -> Option<&Map>;
    fn map_mut(&mut self) -> Option<&mut Map>;

    /// The directive object.
    fn directives(&self) -> Option<&Map> {
        self.map()?.get(DIRECTIVES)?.as_object()
    }

    /// [`Text::visit`] without the directives.
    fn visit_text(&self, see: &mut dyn FnMut(&str)) {
        match self.map() {
            Some(map) if self.directives().is_some() => {
                for (_, value) in map.iter().filter(|(key, _)| *key != DIRECTIVES) {
                    value.visit(see);
                }
            }
            _ => self.visit(see),
        }
    }

    /// [`Text::replace`] without the directives.
    fn replace_text(&mut self, words: &Words) -> bool {
        if self.directives().is_some()
            && let Some(map) = self.map_mut()
        {
            return replace_entries!(map, words, |key| key != DIRECTIVES);
        }
        self.replace(words)
    }
}

impl Directed for Map {
    fn map(&self) -> Option<&Map> {
        Some(self)
    }

    fn map_mut(&mut self) -> Option<&mut Map> {
        Some(self)
    }
}

impl Directed for Value {
    fn map(&self) -> Option<&Map> {
        self.as_object()
    }

    fn map_mut(&mut self) -> Option<&mut Map> {
        self.as_object_mut()
    }
}
