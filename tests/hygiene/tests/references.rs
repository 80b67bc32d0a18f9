//! What the sources cite of the protocol is there: each reference leads to a section of its page in the book.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Where readers of published documentation find the page.
const PAGE: &str = "https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md";
/// The page, as every reference names it.
const NAME: &str = "protocol.md";

const DIRECTORIES: [&str; 7] = [
    "h2-authority",
    "plugin-sdk",
    "plugin-sdk-macros",
    "proto",
    "examples",
    "templates",
    "tests",
];
const ENDINGS: [&str; 5] = ["rs", "py", "yaml", "yml", "proto"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The anchors of the numbered headings, by their numbers.
fn sections() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs").join(NAME)).unwrap();
    let mut is_code = false;
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    for line in page.lines() {
        is_code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#').trim();
        let number = heading.split(' ').next().unwrap_or_default();
        if is_code || !line.starts_with('#') || !number.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        // As GitHub and mdBook make them.
        let lower = heading.to_lowercase();
        let kept = lower
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let earlier = sections.insert(number.to_owned(), anchor);
        assert_eq!(earlier, None, "two sections have the number {number}");
    }
    sections
}

/// The sources that may cite the protocol.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in DIRECTORIES {
        sources(&root().join(directory), &mut found);
    }
    found
}

/// The sources below a directory, but for this one.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                sources(&path, found);
            }
        } else if path
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
            && !path.ends_with(file!())
        {
            found.push(path);
        }
    }
}

/// The sections that are cited where the name of the page stands in a text, and the anchor that a link has.
fn cited(text: &str, at: usize) -> Vec<(&str, Option<&str>)> {
    let rest = &text[at + NAME.len()..];
    if let Some(rest) = rest.strip_prefix('#') {
        let anchor = rest
            .split(|c: char| !c.is_alphanumeric() && !"-_".contains(c))
            .next();
        let before = text[..at + NAME.len()].strip_suffix(PAGE);
        let before = before
            .and_then(|before| before.strip_suffix("]("))
            .unwrap_or_default();
        let number = before.rsplit(|c: char| !c.is_ascii_digit() && c != '.').next();
        return vec![(number.unwrap_or_default(), anchor)];
    }
    let mut cited = Vec::new();
    let mut rest = rest.strip_prefix(", section").unwrap_or_default();
    rest = rest.strip_prefix('s').unwrap_or(rest);
    while let Some(next) = [" and ", " to ", ", ", " "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
    {
        let number = next
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .next()
            .unwrap_or_default();
        let number = number.trim_end_matches('.');
        if number.is_empty() {
            break;
        }
        cited.push((number, None));
        rest = &next[number.len()..];
    }
    cited
}

#[test]
fn documentation_links_to_the_protocol_and_the_rest_names_its_file() {
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        for (line, place) in text.lines().zip(1..) {
            let is_documentation = ["///", "//!"]
                .iter()
                .any(|start| line.trim_start().starts_with(start));
            for (at, _) in line.match_indices(NAME) {
                let is_link = line[..at + NAME.len()].ends_with(PAGE);
                let is_named = line[..at].ends_with("docs/") && !is_documentation;
                assert!(
                    is_link || is_named,
                    "{}:{place}: write a link to {PAGE}#… in documentation, docs/{NAME} elsewhere",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn references_to_the_protocol_lead_to_sections_that_there_are() {
    let sections = sections();
    let mut count = 0;
    for file in files() {
        let text = fs::read_to_string(&file).unwrap();
        // A reference may go over the end of a line of a comment.
        let lines = text
            .lines()
            .map(|line| line.trim_start().trim_start_matches(['/', '!', '#']).trim());
        let text = lines.collect::<Vec<_>>().join(" ");
        for (at, _) in text.match_indices(NAME) {
            for (number, anchor) in cited(&text, at) {
                let section = sections.get(number);
                let is_there = section.is_some_and(|known| anchor.is_none_or(|anchor| anchor == known));
                assert!(is_there, "{}: no section {number} at {anchor:?}", file.display());
                count += 1;
            }
        }
    }
    assert!(count > 80, "{count} references");
}
