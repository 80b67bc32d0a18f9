//! `.env` files, as python-dotenv 1.2 reads them for the Python server: the same file means the same here.

use std::collections::BTreeMap;

/// Bytes that `${NAME}` may add to the values of a file. Values that refer to each other can double with every line.
const EXPANSION_LIMIT: usize = 1024 * 1024;

/// Statements that are named when they can't be read. A file may have millions.
const PROBLEM_LIMIT: usize = 20;

/// What a file says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct DotEnv {
    /// Each name once, in the order in which the names first appear. `None` for a name without `=`.
    pub(crate) values: Vec<(String, Option<String>)>,
    /// The statements that can't be read, by line. They are left out.
    pub(crate) problems: Vec<Problem>,
    /// Further ones, which are only counted.
    pub(crate) more_problems: usize,
}

/// Why a statement can't be read. Such files hold secrets, so nothing of the statement is in it.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    /// The line in which the statement begins.
    pub(crate) line: usize,
    pub(crate) message: &'static str,
}

impl DotEnv {
    /// Reads the bytes of a file. `${NAME}` stands for what the file says before it, else for what `process` has.
    pub(crate) fn read(bytes: &[u8], process: &BTreeMap<String, String>) -> Self {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Self {
                values: Vec::new(),
                problems: vec![Problem {
                    line: 1,
                    message: "the file is UTF-16; save it as UTF-8",
                }],
                more_problems: 0,
            };
        }
        let is_utf8 = std::str::from_utf8(bytes).is_ok();
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");

        let mut found = Self::default();
        let mut variables = Variables::new(process);
        let mut reader = Reader { rest: &text, line: 1 };
        reader.skip(is_space);
        while !reader.rest.is_empty() {
            let line = reader.line;
            let statement = reader.statement().and_then(|statement| match statement {
                Some((name, value)) if !is_utf8 && has_replacement(&name, value.as_deref()) => {
                    Err("it is not UTF-8")
                }
                Some((name, value)) => {
                    let value = value.map(|value| variables.expand(&value)).transpose()?;
                    Ok(Some((name, value)))
                }
                None => Ok(None),
            });
            match statement {
                Ok(Some((name, value))) => variables.set(name, value),
                // A comment.
                Ok(None) => {}
                Err(message) => {
                    reader.skip(|letter| letter != '\n');
                    if found.problems.len() < PROBLEM_LIMIT {
                        found.problems.push(Problem { line, message });
                    } else {
                        found.more_problems += 1;
                    }
                }
            }
            reader.skip(is_space);
        }
        found.values = variables.of_file;
        found
    }
}

fn has_replacement(name: &str, value: Option<&str>) -> bool {
    name.contains(char::REPLACEMENT_CHARACTER)
        || value.is_some_and(|value| value.contains(char::REPLACEMENT_CHARACTER))
}

/// What Python takes for white space.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

fn is_blank(letter: char) -> bool {
    is_space(letter) && letter != '\n'
}

/// A name and its value.
type Statement = (String, Option<String>);

/// A place in the text.
struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    /// Reads a statement to the end of its line. `None` for a comment. After an error, what is left of the line belongs to it.
    fn statement(&mut self) -> Result<Option<Statement>, &'static str> {
        if let Some(rest) = self.rest.strip_prefix("export")
            && rest.starts_with(is_blank)
        {
            self.rest = rest;
            self.skip(is_blank);
        }
        let name = self.name()?;
        self.skip(is_blank);
        let value = if self.rest.starts_with('=') {
            self.advance(1);
            Some(self.value()?)
        } else {
            None
        };
        self.skip(is_blank);
        if self.rest.starts_with('#') {
            self.skip(|letter| letter != '\n');
        }
        match self.rest.chars().next() {
            None | Some('\n') => Ok(name.map(|name| (name, value))),
            Some(_) if value.is_some() => Err("there is more after the closing quote"),
            Some(_) => Err("it is not NAME=value"),
        }
    }

    fn name(&mut self) -> Result<Option<String>, &'static str> {
        if self.rest.starts_with('#') {
            return Ok(None);
        }
        let (name, length) = if let Some(quoted) = self.rest.strip_prefix('\'') {
            let Some((name, _)) = quoted.split_once('\'') else {
                return Err("the quote before the name is not closed");
            };
            (name, name.len() + 2)
        } else {
            let name = until(self.rest, |letter| {
                matches!(letter, '=' | '#') || is_space(letter)
            });
            (name, name.len())
        };
        if name.is_empty() {
            return Err("it has no name before the =");
        }
        let name = name.to_owned();
        self.advance(length);
        Ok(Some(name))
    }

    /// What is behind `=`.
    fn value(&mut self) -> Result<String, &'static str> {
        let is_spaced = self.rest.starts_with(is_blank);
        self.skip(is_blank);
        match self.rest.chars().next() {
            Some('#') if is_spaced => Ok(String::new()),
            Some(quote @ ('\'' | '"')) => self.quoted(quote),
            _ => Ok(self.unquoted()),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, &'static str> {
        let mut value = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((index, letter)) = letters.next() {
            if letter == quote {
                self.advance(index + quote.len_utf8());
                return Ok(value);
            }
            if letter != '\\' {
                value.push(letter);
                continue;
            }
            // One that stands for nothing in these quotes stays, and so does what follows it.
            let Some((_, escaped)) = letters.next() else { break };
            match escape(quote, escaped) {
                Some(letter) => value.push(letter),
                None => value.extend(['\\', escaped]),
            }
        }
        Err("its quote is not closed")
    }

    /// To the end of the line, or to a `#` behind white space.
    fn unquoted(&mut self) -> String {
        let line = until(self.rest, |letter| letter == '\n');
        self.advance(line.len());
        let comments = line.match_indices('#').map(|(index, _)| &line[..index]);
        let value = comments
            .into_iter()
            .find(|before| before.ends_with(is_space))
            .unwrap_or(line);
        value.trim_end_matches(is_space).to_owned()
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.advance(until(self.rest, |letter| !skipped(letter)).len());
    }

    fn advance(&mut self, length: usize) {
        let (passed, rest) = self.rest.split_at(length);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }
}

/// The text before the first letter that is one of the `ends`.
fn until(text: &str, ends: impl Fn(char) -> bool) -> &str {
    text.find(ends).map_or(text, |end| &text[..end])
}

/// What `\` and a letter stand for between these quotes.
fn escape(quote: char, letter: char) -> Option<char> {
    match (quote, letter) {
        (_, '\\' | '\'') => Some(letter),
        ('"', '"') => Some('"'),
        ('"', 'a') => Some('\u{7}'),
        ('"', 'b') => Some('\u{8}'),
        ('"', 'f') => Some('\u{c}'),
        ('"', 'n') => Some('\n'),
        ('"', 'r') => Some('\r'),
        ('"', 't') => Some('\t'),
        ('"', 'v') => Some('\u{b}'),
        _ => None,
    }
}

/// The variables that `${NAME}` may stand for.
struct Variables<'a> {
    process: &'a BTreeMap<String, String>,
    of_file: Vec<Statement>,
    /// Where a name of the file is.
    places: BTreeMap<String, usize>,
    /// Bytes that expansions may still add.
    left: usize,
}

impl<'a> Variables<'a> {
    fn new(process: &'a BTreeMap<String, String>) -> Self {
        Self {
            process,
            of_file: Vec::new(),
            places: BTreeMap::new(),
            left: EXPANSION_LIMIT,
        }
    }

    fn set(&mut self, name: String, value: Option<String>) {
        if let Some(place) = self.places.get(&name) {
            self.of_file[*place].1 = value;
        } else {
            self.places.insert(name.clone(), self.of_file.len());
            self.of_file.push((name, value));
        }
    }

    /// The value of a name. One that the file has without a value is empty, whatever the default.
    fn get<'b>(&'b self, name: &str, default: &'b str) -> &'b str {
        match self.places.get(name) {
            Some(place) => self.of_file[*place].1.as_deref().unwrap_or_default(),
            None => self.process.get(name).map_or(default, String::as_str),
        }
    }

    fn expand(&mut self, value: &str) -> Result<String, &'static str> {
        let end = value.rfind('}').map_or(0, |last| last + 1);
        let (mut rest, literal) = value.split_at(end);
        let mut expanded = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            expanded.push_str(before);
            let name = until(after, |letter| matches!(letter, '}' | ':'));
            let behind = &after[name.len()..];
            let default = behind.strip_prefix(":-").and_then(|text| text.split_once('}'));
            let Some((default, behind)) = default.or_else(|| Some(("", behind.strip_prefix('}')?))) else {
                expanded.extend(["${", name]);
                rest = behind;
                continue;
            };
            let value = self.get(name, default);
            let Some(left) = self.left.checked_sub(value.len()) else {
                return Err("its variables, with those before it, stand for more than 1 MiB");
            };
            expanded.push_str(value);
            self.left = left;
            rest = behind;
        }
        expanded.extend([rest, literal]);
        Ok(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> DotEnv {
        let process = BTreeMap::from([
            ("HOME".to_owned(), "/home/a".to_owned()),
            ("EMPTY".to_owned(), String::new()),
        ]);
        DotEnv::read(text.as_bytes(), &process)
    }

    /// The values of a file that has no mistake.
    #[track_caller]
    fn values(text: &str) -> Vec<(String, Option<String>)> {
        let found = read(text);
        assert_eq!(found.problems, [], "{text}");
        found.values
    }

    #[track_caller]
    fn assert_value(written: &str, expected: &str) {
        let found = values(&format!("A={written}\nB=next\n"));
        let expected = [("A", expected), ("B", "next")];
        let expected = expected.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        assert_eq!(found, expected, "{written}");
    }

    #[test]
    fn an_unquoted_value_is_what_the_line_has() {
        for value in [
            "a b",
            "a\"b",
            "a\\b",
            "a, b",
            "a$b",
            "a\\nb",
            "it's",
            "don't # 'x'",
            "a=b",
            "a#b",
            "#a",
        ] {
            assert_value(value, value.split(" #").next().unwrap());
        }
        for (written, expected) in [
            ("", ""),
            ("  a b \t", "a b"),
            ("a # b", "a"),
            ("a\t#b", "a"),
            (" # b", ""),
            ("\u{a0}a\u{a0}#b", "a"),
        ] {
            assert_value(written, expected);
        }
    }

    #[test]
    fn quotes_keep_what_is_in_them() {
        for (written, expected) in [
            ("\"a$b\"", "a$b"),
            ("'a b # c' # d", "a b # c"),
            ("\"a\\tb\\n\\\"c\\\" \\\\ \\x\"", "a\tb\n\"c\" \\ \\x"),
            ("'a\\tb \\' \\\\'", "a\\tb ' \\"),
            ("\"a\nB='b'\n\"", "a\nB='b'\n"),
            ("  ''", ""),
        ] {
            assert_value(written, expected);
        }
    }

    #[test]
    fn only_names_in_braces_are_variables() {
        for (written, expected) in [
            ("${HOME}/x", "/home/a/x"),
            ("'${HOME}'", "/home/a"),
            ("$HOME $(x) ${", "$HOME $(x) ${"),
            ("${none}|${none:-a b}|${EMPTY:-x}|${HOME:-x}", "|a b||/home/a"),
            ("${HOME:x}${HOME:?y}", "${HOME:x}${HOME:?y}"),
            ("${a${HOME}", ""),
        ] {
            assert_value(written, expected);
        }
        let found = values("A=1\nB=${A}${C}\nA=2\nHOME=h\nC=${A}${HOME}\nD\nE=${D:-x}");
        let expected = [
            ("A", Some("2")),
            ("B", Some("1")),
            ("HOME", Some("h")),
            ("C", Some("2h")),
            ("D", None),
            ("E", Some("")),
        ];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
        );
    }

    #[test]
    fn names_may_be_exported_and_quoted() {
        let found = values("\u{feff}export A=1\r\n\r\n 'B b' = 2\rexport=3\r\n# C=4\r\n");
        let expected = [("A", "1"), ("B b", "2"), ("export", "3")];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_is_read() {
        for (written, message) in [
            ("this secret is broken", "it is not NAME=value"),
            ("X='secret", "its quote is not closed"),
            ("X=\"secret\" secret", "there is more after the closing quote"),
            ("=secret", "it has no name before the ="),
            ("'secret=1", "the quote before the name is not closed"),
        ] {
            let found = read(&format!("A=\"a\nb\"\n\n{written}\nB=2\n"));
            assert_eq!(found.values.len(), 2, "{written}: {found:?}");
            assert_eq!(found.values[1], ("B".to_owned(), Some("2".to_owned())));
            assert_eq!(found.problems, [Problem { line: 4, message }], "{written}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_cost_their_own_value() {
        let found = DotEnv::read(b"A=1\nB=caf\xe9\n# caf\xe9\nC=3\n", &BTreeMap::new());
        let names: Vec<_> = found.values.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["A", "C"]);
        assert_eq!(found.problems.len(), 1);
        assert_eq!(found.problems[0].line, 2);
        let found = DotEnv::read(b"\xff\xfeA\0=\0A\0", &BTreeMap::new());
        assert!(found.values.is_empty());
        assert!(found.problems[0].message.contains("UTF-16"));
    }

    /// Neither doubling nor names without an end take time or room without bound.
    #[test]
    fn variables_are_bounded() {
        let double = |line: usize| format!("A{line}=${{A{0}}}${{A{0}}}\n", line - 1);
        let lines: Vec<_> = (1..100).map(double).collect();
        let found = read(&format!("A0=0123456789\n{}", lines.concat()));
        assert_eq!(found.problems[0].line, 17, "{:?}", found.problems.first());
        let length = |(_, value): &Statement| value.as_ref().map_or(0, String::len);
        assert!(found.values.iter().map(length).sum::<usize>() < 3 * EXPANSION_LIMIT);

        for unit in ["${", "${a", "${a:", "${a:-", "${a:-${"] {
            let value = unit.repeat(1_000_000);
            let begun = std::time::Instant::now();
            for end in ["", ":}"] {
                read(&format!("A={value}{end}"));
            }
            assert!(begun.elapsed().as_secs() < 30, "{unit}");
        }
    }
}
