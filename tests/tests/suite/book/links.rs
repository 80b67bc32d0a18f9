//! Links lead somewhere: to files of the checkout, and to headings of pages.

use std::{collections::BTreeSet, path::Path};

use regex::Regex;

use super::{pages, read, root};

/// How a page of the book names a file or a directory outside of it, so that the link works wherever the page is read.
const REPOSITORY: [&str; 2] = [
    "https://github.com/contextforge-org/plugin-sdk-rust/blob/main/",
    "https://github.com/contextforge-org/plugin-sdk-rust/tree/main/",
];

/// A page without its blocks of code, where nothing is a link or a heading.
fn prose(page: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in read(page).lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// The headings of a page as they stand behind `#` in a link.
fn anchors(page: &str) -> BTreeSet<String> {
    let prose = prose(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let text = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn links_lead_to_files_and_headings_that_there_are() {
    let link = Regex::new(r"\]\(([^)\s]+)\)|src=.([^\s>]+\.svg)").unwrap();
    let mut count = 0;
    for page in pages() {
        let directory = Path::new(&page).parent().unwrap();
        for found in link.captures_iter(&prose(&page)) {
            let target = found.get(1).or(found.get(2)).unwrap().as_str();
            let in_checkout =
                if let Some(file) = REPOSITORY.iter().find_map(|start| target.strip_prefix(start)) {
                    file.to_owned()
                } else if target.contains("://") {
                    continue;
                } else if target.starts_with('#') {
                    format!("{page}{target}")
                } else {
                    directory.join(target).to_str().unwrap().to_owned()
                };
            count += 1;
            let (file, anchor) = in_checkout.split_once('#').unwrap_or((&in_checkout, ""));
            assert!(root().join(file).exists(), "{page}: {target} is not there");
            assert!(
                !page.starts_with("docs/")
                    || target.contains("://")
                    || file.starts_with("docs/") && !file.contains(".."),
                "{page}: {target} is outside of the book: write {}…",
                REPOSITORY[0]
            );
            if !anchor.is_empty() {
                assert!(
                    anchors(file).contains(anchor),
                    "{page}: {file} has no heading #{anchor}"
                );
            }
        }
    }
    assert!(count > 20, "{count} links");
}
