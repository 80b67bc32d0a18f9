//! A YAML document as a tree that remembers on which line each part stands.
//!
//! Deserializing straight into structs would report one error at a time and lose the line once the
//! syntax is understood. The tree is small (a configuration file), is checked as a whole, and gives every
//! finding its line, also those that a plugin's own settings type raises later.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::value::{Map, Number, Value};

/// One value of the document and the line on which it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) line: u64,
    /// Where the value begins in the text, in bytes.
    offset: Option<usize>,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(String, Node)>),
}

/// A text that is not a YAML document.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) line: Option<u64>,
    pub(crate) message: String,
}

impl Node {
    /// Reads the one document of `text`. A text without any document is null.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let options = serde_saphyr::options! {
            // 0755 is octal to the Python server, whose files we read.
            legacy_octal_numbers: true,
            with_snippet: false,
        };
        let parsed: Option<Self> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| SyntaxError {
                line: error
                    .location()
                    .map(|location| location.line())
                    .filter(|line| *line > 0),
                message: first_line(&error.render_with_formatter(&serde_saphyr::UserMessageFormatter)),
            })?;
        let mut root = parsed.unwrap_or(Self {
            content: Content::Null,
            line: 1,
            offset: None,
        });
        root.restore_letters(text);
        Ok(root)
    }

    /// `y` and `n` are booleans to YAML 1.1 on paper, but letters to the Python server and to anyone who
    /// writes `search: y`.
    fn restore_letters(&mut self, text: &str) {
        match &mut self.content {
            Content::Bool(_) => {
                let raw = raw_scalar(text, self.offset);
                if matches!(raw, "y" | "Y" | "n" | "N") {
                    self.content = Content::String(raw.to_owned());
                }
            }
            Content::Sequence(items) => items.iter_mut().for_each(|item| item.restore_letters(text)),
            Content::Mapping(entries) => entries
                .iter_mut()
                .for_each(|(_, value)| value.restore_letters(text)),
            Content::Null | Content::Number(_) | Content::String(_) => {}
        }
    }

    /// The scalar as it is written in `text`, the text that this node was parsed from, without quotes.
    ///
    /// Settings such as a file mode mean the digits that the operator wrote, not the number that YAML makes
    /// of them.
    pub(crate) fn written(&self, text: &str) -> Option<String> {
        match &self.content {
            Content::String(string) => Some(string.clone()),
            Content::Number(number) => {
                let raw = raw_scalar(text, self.offset);
                // Behind an anchor or a tag the position is not that of the digits.
                let digits = raw.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
                Some(if digits {
                    raw.to_owned()
                } else {
                    number.to_string()
                })
            }
            Content::Bool(value) => Some(value.to_string()),
            Content::Null | Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
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
        Self {
            content,
            line: 0,
            offset: None,
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::String(string) => Value::String(string.clone()),
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

/// The plain scalar that begins at `offset`.
fn raw_scalar(text: &str, offset: Option<usize>) -> &str {
    let rest = offset.and_then(|offset| text.get(offset..)).unwrap_or_default();
    let end = rest
        .find(|next: char| next.is_whitespace() || ",]}#:".contains(next))
        .unwrap_or(rest.len());
    &rest[..end]
}

fn first_line(message: &str) -> String {
    message
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned {
            value,
            referenced,
            defined,
        } = Spanned::<Content>::deserialize(deserializer)?;
        // The line of an alias is where it is used; its digits stand where they are defined.
        let offset = defined
            .span()
            .byte_offset()
            .and_then(|offset| usize::try_from(offset).ok());
        Ok(Self {
            content: value,
            line: referenced.line(),
            offset,
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Content, E> {
        Number::from_f64(value).map(Content::Number).ok_or_else(|| {
            E::custom("infinity and NaN cannot be sent to a host; write the value as a string")
        })
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Content, E> {
        Ok(Content::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut sequence = Vec::new();
        while let Some(item) = items.next_element()? {
            sequence.push(item);
        }
        Ok(Content::Sequence(sequence))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut mapping = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            mapping.push(entry);
        }
        Ok(Content::Mapping(mapping))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Node::parse(text).unwrap().to_value()
    }

    #[test]
    fn scalars_are_typed_as_by_the_python_server() {
        for (text, expected) in [
            ("yes", "true"),
            ("Off", "false"),
            ("y", "\"y\""),
            ("N", "\"N\""),
            ("'yes'", "\"yes\""),
            ("0755", "493"),
            ("1_000", "1000"),
            ("1.0", "1.0"),
            ("-3", "-3"),
            ("18446744073709551615", "18446744073709551615"),
            ("~", "null"),
            ("''", "\"\""),
            ("2026-01-02", "\"2026-01-02\""),
        ] {
            let document = format!("key: {text}\n");
            let node = Node::parse(&document).unwrap();
            let found = serde_json::to_string(&node.get("key").unwrap().to_value()).unwrap();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn order_anchors_and_merge_keys_are_kept() {
        let found = value("base: &base {z: 1, a: 2}\nuse:\n  <<: *base\n  b: y\nwords: [n, {é: ✓}]\n");
        let found = serde_json::to_string(&found).unwrap();
        assert_eq!(
            found,
            r#"{"base":{"z":1,"a":2},"use":{"b":"y","z":1,"a":2},"words":["n",{"é":"✓"}]}"#
        );
    }

    #[test]
    fn lines_are_found_by_path() {
        let node = Node::parse("a: 1\nwords:\n  - search: x\n    replace: 5\n  - search: y\n").unwrap();
        assert_eq!(node.line_of("a"), 1);
        assert_eq!(node.line_of("words[0].replace"), 4);
        assert_eq!(node.line_of("words[1].missing"), 5);
        assert_eq!(node.line_of("nothing"), 1);
    }

    #[test]
    fn a_number_can_be_read_as_it_is_written() {
        let text = "mode: 0660\nplain: 660\nquoted: \"0600\"\nflow: {a: 007, b: 1}\n";
        let node = Node::parse(text).unwrap();
        let written = |node: &Node| node.written(text).unwrap();
        assert_eq!(written(node.get("mode").unwrap()), "0660");
        assert_eq!(written(node.get("plain").unwrap()), "660");
        assert_eq!(written(node.get("quoted").unwrap()), "0600");
        assert_eq!(written(node.get("flow").unwrap().get("a").unwrap()), "007");
    }

    #[test]
    fn a_text_without_a_document_is_null() {
        assert!(Node::parse("").unwrap().is_null());
        assert!(Node::parse("# nothing yet\n").unwrap().is_null());
    }

    #[test]
    fn syntax_errors_have_a_line() {
        let error = Node::parse("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert!(error.line.is_some(), "{error:?}");
        let error = Node::parse("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(error.line, Some(3), "{error:?}");
        assert!(error.message.contains('a'), "{error:?}");
        assert!(!error.message.contains('\n'));
    }
}
