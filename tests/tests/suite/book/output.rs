//! What a command wrote, beside what the book says that it writes.

/// Whether lines are those of the book. There, a line that is `…` stands for any lines, and `…` in a line for any text.
pub(super) fn is_as_shown(written: &str, shown: &str) -> bool {
    let written: Vec<&str> = written.trim_end().lines().map(str::trim_end).collect();
    let shown: Vec<&str> = shown.trim_end().lines().map(str::trim_end).collect();
    lines_match(&written, &shown)
}

fn lines_match(written: &[&str], shown: &[&str]) -> bool {
    match shown {
        [] => written.is_empty(),
        ["…"] => true,
        ["…", rest @ ..] => (0..=written.len()).any(|skipped| lines_match(&written[skipped..], rest)),
        [first, rest @ ..] => {
            let [line, others @ ..] = written else {
                return false;
            };
            line_matches(line, first) && lines_match(others, rest)
        }
    }
}

fn line_matches(line: &str, shown: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else {
        return line == shown;
    };
    let Some(mut line) = line.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('…').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = line.find(part) else {
            return false;
        };
        line = &line[at + part.len()..];
    }
    line.ends_with(end)
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    assert!(is_as_shown("a\nb\nc\n", "a\nb\nc\n"));
    assert!(is_as_shown("a\nb\nc\n", "…\nc"));
    assert!(is_as_shown("a\nb\nc\n", "a\n…"));
    assert!(is_as_shown("a\nat 12:00 x 3 y\nc\n", "a\nat … x … y\nc"));
    assert!(!is_as_shown("a\nb\nc\n", "a\nc"));
    assert!(!is_as_shown("a\nb\n", "a\nb\nc"));
    assert!(!is_as_shown("a\nb\n", "a"));
    assert!(!is_as_shown("a 1 b", "a … c"));
}
