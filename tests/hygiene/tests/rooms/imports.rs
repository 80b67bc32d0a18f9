//! What the modules of `plugin-sdk/src` import from each other, read from their tokens.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What says to the outside which parts of the rooms are public. No room names it.
const FACES: [&str; 3] = ["lib.rs", "prelude.rs", "private.rs"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/src")
}

/// The modules of a file, outermost first.
fn modules(file: &Path) -> Vec<String> {
    let mut modules: Vec<String> = file
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    modules.pop_if(|last| last == "mod");
    modules
}

/// The sources below a directory, without tests.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap();
        if stem == "tests" {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// An import: the module that has it, and where its path leads.
struct Import {
    from: Vec<String>,
    to: Vec<String>,
    file: String,
}

/// What the modules import from each other.
#[derive(Default)]
pub struct Imports(Vec<Import>);

impl Imports {
    pub fn of_the_crate() -> Self {
        let root = sources();
        let mut found = Vec::new();
        files(&root, &mut found);
        let mut imports = Self::default();
        for path in found {
            let file = path.strip_prefix(&root).unwrap();
            if !FACES.iter().any(|face| file == Path::new(face)) {
                let text = fs::read_to_string(&path).unwrap();
                imports.read(&text, &modules(file), &file.display().to_string());
            }
        }
        imports
    }

    pub fn read(&mut self, text: &str, modules: &[String], file: &str) {
        self.scan(text.parse().unwrap(), modules, file);
    }

    /// Reads tokens, also those of macros, whose paths no parser of items would see.
    fn scan(&mut self, tokens: TokenStream, modules: &[String], file: &str) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if let Some(end) = after_test(&tokens, at) {
                at = end;
                continue;
            }
            let is_path = at == 0 || !is_punct(&tokens[at - 1], ':');
            match &tokens[at] {
                TokenTree::Ident(word) if is_path && word == "crate" => {
                    self.path(&tokens[at + 1..], Vec::new(), modules, file);
                }
                TokenTree::Ident(word) if is_path && word == "super" => {
                    self.path(&tokens[at + 1..], outside(modules), modules, file);
                }
                TokenTree::Ident(word) if word == "mod" => {
                    if let [TokenTree::Ident(name), TokenTree::Group(body), ..] = &tokens[at + 1..] {
                        let inside = [modules, &[name.to_string()]].concat();
                        self.scan(body.stream(), &inside, file);
                        at += 3;
                        continue;
                    }
                }
                TokenTree::Group(group) => self.scan(group.stream(), modules, file),
                _ => {}
            }
            at += 1;
        }
    }

    /// Follows a path that has led to `reached`.
    fn path(&mut self, tokens: &[TokenTree], reached: Vec<String>, modules: &[String], file: &str) {
        match tokens {
            [first, second, next, ..] if is_punct(first, ':') && is_punct(second, ':') => {
                self.step(next, &tokens[3..], reached, modules, file);
            }
            _ => self.note(reached, modules, file),
        }
    }

    fn note(&mut self, to: Vec<String>, modules: &[String], file: &str) {
        self.0.push(Import {
            from: modules.to_vec(),
            to,
            file: file.to_owned(),
        });
    }

    fn step(
        &mut self,
        next: &TokenTree,
        rest: &[TokenTree],
        mut reached: Vec<String>,
        modules: &[String],
        file: &str,
    ) {
        match next {
            TokenTree::Ident(word) if word == "super" => {
                self.path(rest, outside(&reached), modules, file);
            }
            TokenTree::Ident(word) => {
                if word != "self" {
                    reached.push(word.to_string());
                }
                self.path(rest, reached, modules, file);
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                for part in tokens.split(|token| is_punct(token, ',')) {
                    if let [next, rest @ ..] = part {
                        self.step(next, rest, reached.clone(), modules, file);
                    }
                }
            }
            _ => self.note(reached, modules, file),
        }
    }

    /// Which modules right inside of one import which others of them, each with the first file that does.
    pub fn between(&self, inside: &[String]) -> BTreeMap<(&str, &str), &str> {
        let mut named = BTreeMap::new();
        for Import { from, to, file } in &self.0 {
            if let (Some([from, ..]), Some([to, ..])) = (from.strip_prefix(inside), to.strip_prefix(inside))
                && from != to
            {
                named.entry((&**from, &**to)).or_insert(&**file);
            }
        }
        named
    }

    /// The circles among the modules right inside of one that go through a folder: the imports of which they consist, and maybe
    /// those from one to another.
    pub fn circles(&self, inside: &[String], folders: &BTreeSet<Vec<String>>) -> Vec<String> {
        let mut named = self.between(inside);
        loop {
            let count = named.len();
            let leads: BTreeSet<_> = named.keys().map(|(from, _)| *from).collect();
            let is_led_to: BTreeSet<_> = named.keys().map(|(_, to)| *to).collect();
            named.retain(|(from, to), _| leads.contains(to) && is_led_to.contains(from));
            if named.len() == count {
                break;
            }
        }
        let is_folder = |name: &str| folders.contains(&[inside, &[name.to_owned()]].concat());
        if !named.keys().any(|(from, to)| is_folder(from) || is_folder(to)) {
            return Vec::new();
        }
        named
            .iter()
            .map(|((from, to), file)| format!("{file}: {from} knows {to}"))
            .collect()
    }
}

/// The module around one.
fn outside(modules: &[String]) -> Vec<String> {
    modules[..modules.len().saturating_sub(1)].to_vec()
}

/// The folders below the sources, as modules, without those of tests.
pub fn folders() -> BTreeSet<Vec<String>> {
    let mut found = Vec::new();
    files(&sources(), &mut found);
    found
        .iter()
        .map(|path| path.parent().unwrap().strip_prefix(sources()).unwrap())
        .flat_map(Path::ancestors)
        .map(modules)
        .collect()
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

/// Where an item that is only there in tests ends, if one begins here.
fn after_test(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let [hash, TokenTree::Group(attribute), ..] = &tokens[at..] else {
        return None;
    };
    let attribute = attribute.stream().to_string().replace(' ', "");
    if !is_punct(hash, '#')
        || !["cfg(test)", "cfg(all(test,"]
            .iter()
            .any(|test| attribute.starts_with(test))
    {
        return None;
    }
    let end = tokens[at + 2..].iter().position(|token| {
        is_punct(token, ';')
            || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    });
    Some(end.map_or(tokens.len(), |end| at + 2 + end + 1))
}
