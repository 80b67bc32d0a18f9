//! The book itself, built as readers get it.

use std::{collections::BTreeSet, fs};

use mdbook_driver::MDBook;

use super::{pages, root};

#[test]
fn the_book_is_built_with_every_page() {
    let output = tempfile::tempdir().unwrap();
    let mut book = MDBook::load(root().join("docs")).unwrap();
    book.config.build.build_dir = output.path().to_owned();
    book.build().unwrap();

    let built: BTreeSet<String> = fs::read_dir(output.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in pages() {
        let Some(name) = page.strip_prefix("docs/").filter(|name| *name != "SUMMARY.md") else {
            continue;
        };
        let name = name.replace("README.md", "index.md").replace(".md", ".html");
        assert!(built.contains(&name), "SUMMARY.md does not name {page}");
    }
}
