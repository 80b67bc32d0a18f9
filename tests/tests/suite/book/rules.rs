//! What is done with each block of code, so that none is only printed.

use super::{Block, blocks_of, pages, read};

/// How a block is held to the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Compiled and run by rustdoc, through `tests/src/book.rs`.
    Doctest,
    /// The same as a part of the file that its note names, which is compiled and run where it is.
    Copy,
    /// Run in a shell, in the order of the page, together with the programs in Python.
    Command,
    /// What the command before it wrote.
    Output,
    /// A file of the gateway or of a server, loaded by who reads it.
    File,
    /// Dependencies, which Cargo resolves.
    Dependencies,
    /// Bytes of the Unix socket, sent to a server and compared.
    Frames,
    /// Run beside its version in Rust.
    Migration,
    /// Another test runs it, or it is too long for a test: the reason is in [`elsewhere`].
    Elsewhere,
}

/// Why a block is not run by the tests of the book.
fn elsewhere(page: &str, language: &str) -> Option<&'static str> {
    match (page, language) {
        ("README.md", "rust") => Some("`readme` holds it equal to the example that is compiled"),
        ("README.md", "sh") => Some(
            "`readme` runs the first; the second is what .ci/run calls, and this test is part of it; the rest is the quickstart's",
        ),
        ("docs/quickstart.md", _) => {
            Some("the tests of the templates run the quickstart from its first line to its last")
        }
        ("docs/performance.md", "sh") => Some(
            ".ci/run calls the check of instructions; the others write files that are checked in, one of them for ten minutes",
        ),
        ("docs/envelope.md", "envelope" | "envelope-unknown") => Some("`host::envelope` plays it"),
        _ => None,
    }
}

/// The rule for the blocks of a language; `None` if there is none.
fn rule(page: &str, block: &Block) -> Option<Rule> {
    if elsewhere(page, block.language()).is_some() {
        return Some(Rule::Elsewhere);
    }
    match block.language() {
        "rust" if block.info == "rust,ignore" => Some(Rule::Copy),
        "rust" => Some(Rule::Doctest),
        "python" if page == "docs/python.md" => Some(Rule::Migration),
        "sh" | "python" => Some(Rule::Command),
        "text" | "json" => Some(Rule::Output),
        "yaml" => Some(Rule::File),
        "toml" => Some(Rule::Dependencies),
        "frames" => Some(Rule::Frames),
        _ => None,
    }
}

/// The blocks of all pages that a rule is for.
pub(super) fn blocks_with(wanted: Rule) -> Vec<Block> {
    let mut found = Vec::new();
    for page in pages() {
        let blocks = blocks_of(&page);
        found.extend(
            blocks
                .into_iter()
                .filter(|block| rule(&page, block) == Some(wanted)),
        );
    }
    found
}

/// The blocks of a page, each with its rule.
pub(super) fn ruled(page: &str) -> Vec<(Rule, Block)> {
    let blocks = blocks_of(page).into_iter();
    blocks
        .map(|block| {
            let rule = rule(page, &block)
                .unwrap_or_else(|| panic!("{}: nothing runs a block of `{}`", block.place, block.info));
            (rule, block)
        })
        .collect()
}

#[test]
fn every_block_is_run_by_something() {
    let mut count = 0;
    for page in pages() {
        let blocks = ruled(&page);
        count += blocks.len();
        for (at, (rule, block)) in blocks.iter().enumerate() {
            if *rule == Rule::Output {
                let before = blocks[..at].last().map(|(rule, _)| *rule);
                assert_eq!(
                    before,
                    Some(Rule::Command),
                    "{}: the output of what?",
                    block.place
                );
            }
        }
    }
    assert!(count > 50, "{count} blocks");
}

#[test]
fn rust_that_is_not_copied_is_compiled_by_rustdoc() {
    let doctests = read("tests/src/book.rs");
    for block in blocks_with(Rule::Doctest) {
        let page = block.place.split(':').next().unwrap();
        assert!(
            doctests.contains(&format!("include_str!(\"../../{page}\")")),
            "{}: tests/src/book.rs does not include {page}",
            block.place
        );
        let words: Vec<&str> = block.info.split(',').collect();
        assert!(
            matches!(words.as_slice(), ["rust"] | ["rust", "no_run"]),
            "{}: {}",
            block.place,
            block.info
        );
    }
}

#[test]
fn copies_are_those_of_their_files() {
    for block in blocks_with(Rule::Copy) {
        let file = block
            .note
            .as_ref()
            .unwrap_or_else(|| panic!("{}: which file is it from?", block.place));
        let text = read(file);
        let lines: Vec<&str> = text.lines().collect();
        let copy: Vec<&str> = block.text.lines().collect();
        let same = |part: &[&str]| {
            let indent = part[0].len() - part[0].trim_start().len();
            part.iter()
                .zip(&copy)
                .all(|(line, copied)| line.get(indent..).unwrap_or_default() == *copied)
        };
        assert!(
            lines.windows(copy.len()).any(same),
            "{}: this is no part of {file}",
            block.place
        );
    }
}
