//! Text of others where people read it: control characters are shown, not sent to the terminal.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

/// Characters that move a cursor, end a line, or change the order of what is read.
pub(crate) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text in one line, with hidden characters as Rust writes them: `\u{1b}`, `\n`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    show(text, is_hidden)
}

/// The same of a text that may have several lines.
pub(crate) fn visible_lines(text: &str) -> Cow<'_, str> {
    show(text, |letter| letter != '\n' && is_hidden(letter))
}

fn show(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_hidden(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown.into()
}

/// A writer of text in which hidden characters become visible.
pub(crate) struct Visible<W>(pub(crate) W);

impl<W: Write> Write for Visible<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(&visible(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_shown() {
        assert_eq!(
            visible("a\u{1b}[31mb\r\nc\u{9b}d\u{202e}e\u{7f}"),
            "a\\u{1b}[31mb\\r\\nc\\u{9b}d\\u{202e}e\\u{7f}"
        );
        assert_eq!(visible_lines("a\n\u{1b}b"), "a\n\\u{1b}b");
        assert!(matches!(visible("é → \\n \u{1f600}"), Cow::Borrowed(_)));
    }
}
