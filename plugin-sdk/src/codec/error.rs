//! What went wrong while reading or writing a document, and where.

use std::fmt;

use super::told::without_values;

/// A document that can't be read into, or written from, a Rust type.
///
/// Its [`Display`](fmt::Display) names the place: the path of keys from the document's root where that is
/// known, and the byte position for mistakes of the encoding itself. It names types and never values: a payload may hold secrets,
/// and errors go to callers and into the log. What a type of your own says in `Error::custom` is left out for that reason.
#[derive(Clone, PartialEq, Eq)]
pub struct CodecError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    message: String,
    position: Option<usize>,
    is_too_deep: bool,
    /// From the innermost key to the outermost, as errors travel outwards.
    path: Vec<Segment>,
}

#[derive(Clone, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

/// Keys and messages may quote what the other side sent, which can be megabytes. This is the number of characters shown.
const LONGEST_QUOTE: usize = 500;

fn shortened(text: impl Into<String>) -> String {
    let mut text = text.into();
    if let Some((end, _)) = text.char_indices().nth(LONGEST_QUOTE) {
        text.truncate(end);
        text.push('…');
    }
    text
}

impl CodecError {
    #[cold]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            message: shortened(message),
            position: None,
            is_too_deep: false,
            path: Vec::new(),
        }))
    }

    /// A value that nests deeper than `limit` says.
    #[cold]
    pub(crate) fn too_deep(limit: &str) -> Self {
        let mut error = Self::new(format!("objects and lists nest deeper than {limit}"));
        error.0.is_too_deep = true;
        error
    }

    /// Whether nesting is what is wrong.
    pub(crate) fn is_too_deep(&self) -> bool {
        self.0.is_too_deep
    }

    #[cold]
    pub(crate) fn at(position: usize, message: impl Into<String>) -> Self {
        Self::new(message).at_byte(position)
    }

    #[cold]
    pub(crate) fn at_byte(mut self, position: usize) -> Self {
        self.0.position = Some(position);
        self
    }

    #[cold]
    pub(crate) fn in_key(mut self, key: &str) -> Self {
        self.0.path.push(Segment::Key(shortened(key)));
        self
    }

    #[cold]
    pub(crate) fn in_index(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    /// The path, and the error without it.
    pub(crate) fn split_path(mut self) -> (String, Self) {
        let path = self.path();
        self.0.path.clear();
        (path, self)
    }

    /// The byte at which the encoding is wrong, counted from the start of the document; `None` when the
    /// encoding is sound and the value is not what the type wants.
    pub fn position(&self) -> Option<usize> {
        self.0.position
    }

    /// The keys that lead to the mistake, as `args.items[2].name`; empty at the root.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Key(key) if path.is_empty() => path.push_str(key),
                Segment::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
                Segment::Index(index) => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
            }
        }
        path
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(formatter, "{}: ", self.path())?;
        }
        formatter.write_str(&self.0.message)?;
        match self.0.position {
            Some(position) => write!(formatter, " (at byte {position})"),
            None => Ok(()),
        }
    }
}

crate::causes::debug_by_message!(CodecError);

impl std::error::Error for CodecError {}

impl serde::de::Error for CodecError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(without_values(&message.to_string()))
    }
}

impl serde::ser::Error for CodecError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(without_values(&message.to_string()))
    }
}

impl From<serde_json::Error> for CodecError {
    fn from(error: serde_json::Error) -> Self {
        let mut message = error.to_string();
        // The path says where a value is that is not of its type. Only where the text itself is wrong does the place in it help.
        if error.is_data() {
            let place = format!(" at line {} column {}", error.line(), error.column());
            message.truncate(message.strip_suffix(&place).map_or(message.len(), str::len));
            return Self::new(without_values(&message));
        }
        Self::new(message)
    }
}
