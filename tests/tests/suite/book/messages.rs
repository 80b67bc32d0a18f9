//! The messages that the book explains are those of the program.

use std::{fs, path::Path};

use regex::Regex;

use super::{read, root};

/// The text of all sources below a directory, with strings that go over several lines in one.
fn sources(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn messages_of_the_troubleshooting_table_are_in_the_program() {
    let mut program = String::new();
    sources(&root().join("plugin-sdk/src"), &mut program);
    let program = Regex::new(r"\\\n\s*").unwrap().replace_all(&program, "");
    let operations = read("docs/operations.md");
    let (_, table) = operations.split_once("| Message |").unwrap();
    let mut count = 0;
    for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let message = row
            .split('`')
            .nth(1)
            .unwrap_or_else(|| panic!("no message: {row}"));
        // What a message has in its gaps stands in braces in the program.
        let parts: Vec<String> = message.split('…').map(regex::escape).collect();
        let pattern = Regex::new(&parts.join(r#"[^"\n]*"#)).unwrap();
        assert!(pattern.is_match(&program), "the program never says: {message}");
        count += 1;
    }
    assert!(count > 20, "{count} messages");
}
