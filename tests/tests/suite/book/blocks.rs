//! The blocks of code in a page.

/// A block between fences.
#[derive(Debug)]
pub(super) struct Block {
    /// Where it is, for messages.
    pub(super) place: String,
    /// What stands behind the fence: the language, and words for rustdoc.
    pub(super) info: String,
    pub(super) text: String,
    /// The comment in the line before: `<!-- … -->`.
    pub(super) note: Option<String>,
}

impl Block {
    pub(super) fn language(&self) -> &str {
        self.info.split(',').next().unwrap_or_default()
    }
}

/// The blocks in the text of a page. A fence may be indented, as in a list.
pub(super) fn blocks(page: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut before = "";
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim_start();
        let Some(info) = trimmed.strip_prefix("```") else {
            before = line;
            continue;
        };
        let place = format!("{page}:{}", number + 1);
        let indent = line.len() - trimmed.len();
        let mut text = String::new();
        loop {
            let (_, line) = lines
                .next()
                .unwrap_or_else(|| panic!("{place}: a block without an end"));
            if line.trim() == "```" {
                break;
            }
            let content = line
                .get(indent..)
                .filter(|_| line[..indent].trim().is_empty())
                .unwrap_or(line.trim_start());
            text.push_str(content);
            text.push('\n');
        }
        let note = before.trim().strip_prefix("<!--");
        blocks.push(Block {
            place,
            info: info.trim().to_owned(),
            text,
            note: note
                .and_then(|rest| rest.strip_suffix("-->"))
                .map(|note| note.trim().to_owned()),
        });
        before = "";
    }
    blocks
}

#[test]
fn blocks_have_their_place_their_language_and_what_is_in_them() {
    let text = "a\n```sh\none\n\ntwo\n```\n- b\n  <!-- of.rs -->\n  ```rust,ignore\n  fn f() {\n      g();\n\n  }\n  ```\n";
    let found = blocks("page.md", text);
    let [first, second] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (first.place.as_str(), first.language(), first.text.as_str()),
        ("page.md:2", "sh", "one\n\ntwo\n")
    );
    assert_eq!(first.note, None);
    assert_eq!((second.info.as_str(), second.language()), ("rust,ignore", "rust"));
    assert_eq!(second.note.as_deref(), Some("of.rs"));
    assert_eq!(second.text, "fn f() {\n    g();\n\n}\n");
}
