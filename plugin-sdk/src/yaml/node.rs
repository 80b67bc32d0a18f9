//! A YAML document as a tree that remembers on which line each part stands.
//!
//! Deserializing straight into structs would report one error at a time and lose the line once the
//! syntax is understood. The tree is small (a configuration file), is checked as a whole, and gives every
//! finding its line, also those that a plugin's own settings type raises later.

use crate::value::{Map, Number, Value};

/// One value of the document and the line on which it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) line: u64,
    /// A number or a boolean as the file has it.
    pub(super) raw: Option<Box<str>>,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    /// A date without quotes: no string to hosts, although it is sent as one.
    Date(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(String, Node)>),
}

impl Node {
    pub(super) fn new(content: Content, line: u64) -> Self {
        Self {
            content,
            line,
            raw: None,
        }
    }

    /// The scalar as the file has it, without quotes.
    ///
    /// Settings such as a file mode mean the digits that the operator wrote, not the number that YAML makes
    /// of them, and `off` is a word to some.
    pub(crate) fn written(&self) -> Option<String> {
        match &self.content {
            Content::String(string) | Content::Date(string) => Some(string.clone()),
            Content::Number(number) => Some(
                self.raw
                    .as_deref()
                    .map_or_else(|| number.to_string(), str::to_owned),
            ),
            Content::Bool(value) => Some(
                self.raw
                    .as_deref()
                    .map_or_else(|| value.to_string(), str::to_owned),
            ),
            Content::Null | Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// Whether the value is false to Python, which takes such a document for an empty file.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Null => true,
            Content::Bool(value) => !value,
            Content::Number(number) => number.as_f64() == Some(0.0),
            Content::String(string) => string.is_empty(),
            Content::Date(_) => false,
            Content::Sequence(items) => items.is_empty(),
            Content::Mapping(entries) => entries.is_empty(),
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::String(string) => Some(string),
            _ => None,
        }
    }

    pub(crate) fn as_sequence(&self) -> Option<&[Self]> {
        match &self.content {
            Content::Sequence(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_mapping(&self) -> Option<&[(String, Self)]> {
        match &self.content {
            Content::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// What the node is, in the words of an error message.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::String(_) => "a string",
            Content::Date(_) => "a date",
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }

    /// The line of the innermost part of `path` (`words[0].search`) that the document has.
    pub(crate) fn line_of(&self, path: &str) -> u64 {
        let mut node = self;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let next = match step.strip_suffix(']') {
                Some(index) => index
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| node.as_sequence()?.get(index)),
                None => node.get(step),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.line
    }

    /// Changes all lines to those of another text.
    pub(super) fn map_lines(&mut self, line: &impl Fn(u64) -> u64) {
        self.line = line(self.line);
        match &mut self.content {
            Content::Sequence(items) => items.iter_mut().for_each(|item| item.map_lines(line)),
            Content::Mapping(entries) => entries.iter_mut().for_each(|(_, value)| value.map_lines(line)),
            _ => {}
        }
    }

    /// A document that stands in no file.
    pub(crate) fn of_value(value: &Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(number) => Content::Number(number.clone()),
            Value::String(string) => Content::String(string.clone()),
            Value::Array(items) => Content::Sequence(items.iter().map(Self::of_value).collect()),
            Value::Object(map) => {
                let entries = map.iter();
                Content::Mapping(
                    entries
                        .map(|(key, value)| (key.to_owned(), Self::of_value(value)))
                        .collect(),
                )
            }
        };
        Self::new(content, 0)
    }

    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::String(string) | Content::Date(string) => Value::String(string.clone()),
            Content::Sequence(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Content::Mapping(entries) => Value::Object(to_map(entries)),
        }
    }
}

/// The entries of a mapping as the SDK's map, in the order of the file.
pub(crate) fn to_map(entries: &[(String, Node)]) -> Map {
    entries
        .iter()
        .map(|(key, value)| (key.clone(), value.to_value()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::compose::compose;

    #[test]
    fn lines_are_found_by_path() {
        let (node, _) = compose("a: 1\nwords:\n  - search: x\n    replace: 5\n  - search: y\n").unwrap();
        assert_eq!(node.line_of("a"), 1);
        assert_eq!(node.line_of("words[0].replace"), 4);
        assert_eq!(node.line_of("words[1].missing"), 5);
        assert_eq!(node.line_of("nothing"), 1);
    }

    #[test]
    fn a_number_can_be_read_as_it_is_written() {
        let text = "switch: off\nmode: 0660\nplain: 660\nquoted: \"0600\"\nflow: {a: 007, b: 1}\n";
        let (node, _) = compose(text).unwrap();
        let written = |node: &Node| node.written().unwrap();
        assert_eq!(written(node.get("switch").unwrap()), "off");
        assert_eq!(written(node.get("mode").unwrap()), "0660");
        assert_eq!(written(node.get("plain").unwrap()), "660");
        assert_eq!(written(node.get("quoted").unwrap()), "0600");
        assert_eq!(written(node.get("flow").unwrap().get("a").unwrap()), "007");
    }
}
