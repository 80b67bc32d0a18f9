//! YAML with a comment above each key.

use crate::{
    launch::describe::yaml,
    value::{Map, Value},
};

/// The widest line of a comment.
const WIDTH: usize = 80;

/// A key, what there is to know about it, and its value.
pub(super) struct Field {
    key: String,
    comment: String,
    content: Content,
}

enum Content {
    Value(Value),
    Section(Vec<Field>),
}

impl Field {
    pub(super) fn new(key: &str, comment: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            key: key.to_owned(),
            comment: comment.into(),
            content: Content::Value(value.into()),
        }
    }

    pub(super) fn section(key: &str, comment: impl Into<String>, fields: Vec<Self>) -> Self {
        Self {
            key: key.to_owned(),
            comment: comment.into(),
            content: Content::Section(fields),
        }
    }
}

/// Writes a list of mappings under a key. What was explained once is not explained again.
pub(super) fn list(key: &str, items: &[Vec<Field>]) -> Result<String, String> {
    let mut out = if items.is_empty() {
        format!("{key}: []\n")
    } else {
        format!("{key}:\n")
    };
    for (index, fields) in items.iter().enumerate() {
        let mut text = String::new();
        write(&mut text, fields, 4, index == 0)?;
        // The first key stands behind the dash; comments above it stand above the dash.
        let at = first_key(&text);
        out.push_str(&text[..at]);
        out.push_str("  - ");
        out.push_str(text[at..].trim_start_matches(' '));
    }
    Ok(out)
}

/// Where the first line that is no comment begins.
fn first_key(text: &str) -> usize {
    let comments = text
        .split_inclusive('\n')
        .take_while(|line| line.trim_start().starts_with('#'));
    comments.map(str::len).sum()
}

fn write(out: &mut String, fields: &[Field], indent: usize, with_comments: bool) -> Result<(), String> {
    for field in fields {
        if with_comments {
            comment(out, &field.comment, indent);
        }
        match &field.content {
            Content::Value(value) => {
                let line = Map::from([(field.key.as_str(), value.clone())]);
                indented(out, &yaml(&line)?, indent);
            }
            Content::Section(fields) => {
                indented(out, &format!("{}:", field.key), indent);
                write(out, fields, indent + 2, with_comments)?;
            }
        }
    }
    Ok(())
}

fn indented(out: &mut String, text: &str, indent: usize) {
    for line in text.lines() {
        out.push_str(&" ".repeat(indent));
        out.push_str(line);
        out.push('\n');
    }
}

/// Writes a comment in as many lines as it needs.
pub(super) fn comment(out: &mut String, text: &str, indent: usize) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + "# ".len() + line.chars().count() + 1 + word.chars().count() > WIDTH {
            indented(out, &format!("# {line}"), indent);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        indented(out, &format!("# {line}"), indent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stand_above_keys_and_only_in_the_first_item() {
        let item = |name: &str| {
            vec![
                Field::new("name", "Who it is.", name),
                Field::section(
                    "grpc",
                    "",
                    vec![Field::new("target", "Where it is. ".repeat(8), "a:1")],
                ),
                Field::new("hooks", "When.", vec!["x", "z"]),
            ]
        };
        let text = list("plugins", &[item("a"), item("b: c")]).unwrap();
        let expected = "plugins:\n    # Who it is.\n  - name: a\n    grpc:\n      \
            # Where it is. Where it is. Where it is. Where it is. Where it is. Where\n      \
            # it is. Where it is. Where it is.\n      target: a:1\n    # When.\n    hooks:\n      - x\n      - z\n  \
            - name: \"b: c\"\n    grpc:\n      target: a:1\n    hooks:\n      - x\n      - z\n";
        assert_eq!(text, expected);
        assert_eq!(list("plugins", &[]).unwrap(), "plugins: []\n");
    }
}
