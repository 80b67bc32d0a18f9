//! Limits on the source of a template, so that no expression is too deep for the parser's stack.

use super::super::compose::SyntaxError;

/// Bytes of one tag, such as `{{ env.X }}`. Every byte may be a level of the parser's recursion.
const MAX_TAG: usize = 32 * 1024;

/// Bytes of all tags together.
const MAX_TAGS: usize = 1024 * 1024;

/// Tags `{% elif %}`, each of which is a level of the parser's recursion.
const MAX_ELIFS: usize = 1000;

/// Checks the tags of `source`.
pub(super) fn check(source: &str) -> Result<(), SyntaxError> {
    let (mut all, mut elifs) = (0, 0);
    for Tag {
        kind,
        is_raw,
        start,
        length,
    } in tags(source)
    {
        if kind != b'#' {
            all += length;
            elifs += usize::from(word(&source[start..]).starts_with("elif"));
        }
        let problem = if length > MAX_TAG && !is_raw && kind != b'#' {
            format!("a tag of the template is longer than {MAX_TAG} bytes; split it with {{% set %}}")
        } else if all > MAX_TAGS {
            format!("the tags of the template are longer than {MAX_TAGS} bytes together")
        } else if elifs > MAX_ELIFS {
            format!("the template has more than {MAX_ELIFS} tags {{% elif %}}")
        } else {
            continue;
        };
        return Err(SyntaxError {
            line: Some(super::line_at(source, start)),
            message: problem,
        });
    }
    Ok(())
}

/// A tag or a comment; a raw block as a whole.
pub(super) struct Tag {
    /// The second character of its opening delimiter.
    pub(super) kind: u8,
    pub(super) is_raw: bool,
    /// Where its inside begins.
    pub(super) start: usize,
    /// How long its inside is.
    pub(super) length: usize,
}

/// The tags of `source`, to the first that does not end: that is a syntax error.
pub(super) fn tags(source: &str) -> impl Iterator<Item = Tag> {
    let mut rest = source;
    std::iter::from_fn(move || {
        let (kind, inner) = next_tag(rest)?;
        let is_raw = kind == b'%' && is_basic(inner, "raw");
        let length = match kind {
            b'#' => inner.find("#}")?,
            b'%' if is_raw => end_of_raw(inner)?,
            b'%' => tag_length(inner, "%}"),
            _ => tag_length(inner, "}}"),
        };
        rest = &inner[length..];
        Some(Tag {
            kind,
            is_raw,
            start: source.len() - inner.len(),
            length,
        })
    })
}

/// The second character of the next opening delimiter, and what follows it.
fn next_tag(text: &str) -> Option<(u8, &str)> {
    let bytes = text.as_bytes();
    let start = bytes
        .windows(2)
        .position(|pair| matches!(pair, [b'{', b'{' | b'%' | b'#']))?;
    Some((bytes[start + 1], &text[start + 2..]))
}

/// The inside of a tag without the sign for white space.
fn word(inner: &str) -> &str {
    inner.strip_prefix(['-', '+']).unwrap_or(inner).trim_ascii_start()
}

/// Whether a tag consists of this word alone.
fn is_basic(inner: &str, name: &str) -> bool {
    word(inner).strip_prefix(name).is_some_and(|rest| {
        let rest = rest.trim_ascii_start();
        rest.strip_prefix(['-', '+']).unwrap_or(rest).starts_with("%}")
    })
}

fn end_of_raw(inner: &str) -> Option<usize> {
    let mut rest = inner;
    loop {
        let start = rest.find("{%")? + 2;
        rest = &rest[start..];
        if is_basic(rest, "endraw") {
            return Some(inner.len() - rest.len());
        }
    }
}

/// How long a tag is: to `end` outside of strings and brackets, or to the end of the text.
fn tag_length(inner: &str, end: &str) -> usize {
    let bytes = inner.as_bytes();
    let (mut at, mut brackets) = (0, 0_usize);
    while at < bytes.len() {
        if brackets == 0 && bytes[at..].starts_with(end.as_bytes()) {
            return at;
        }
        match bytes[at] {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(source: &str) -> Option<String> {
        check(source).err().map(|error| error.message)
    }

    #[test]
    fn ordinary_templates_are_within_the_limits() {
        let text = "a: { b: 1 }\n".repeat(100_000);
        assert_eq!(message(&text), None);
        let text = format!(
            "{{# {} #}}{{% raw %}}{}{{% endraw %}}",
            "x".repeat(50_000),
            "{{ not ".repeat(20_000)
        );
        assert_eq!(message(&text), None);
        let text = "- {{ env.A | default({'a': {'b': '}}'}}) }}\n".repeat(1000);
        assert_eq!(message(&text), None);
        for unfinished in ["{{ a", "{% raw %}x", "{# a", "{{ 'a", "{{ '\\"] {
            assert_eq!(message(unfinished), None, "{unfinished}");
        }
    }

    #[test]
    fn what_is_too_long_has_its_line() {
        for source in [
            format!("a\n{{{{ {} 1 }}}}", "not ".repeat(20_000)),
            format!("a\n{{{{ '{{# }}}}' ~ {{1: {{1: {} 1}}}} }}}}", "-".repeat(40_000)),
            format!("a\n{{% if {} 1 %}}", "not ".repeat(20_000)),
            format!("a\n{{{{ '\\'}}}}' {}", "|e".repeat(20_000)),
        ] {
            let error = check(&source).unwrap_err();
            assert_eq!(error.line, Some(2));
            assert!(
                error.message.contains("longer than 32768 bytes"),
                "{}",
                error.message
            );
        }
        let elifs = format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(1001));
        assert!(message(&elifs).unwrap().contains("elif"));
        let all = "{% set a = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}".repeat(30_000);
        assert!(message(&all).unwrap().contains("together"));
    }
}
