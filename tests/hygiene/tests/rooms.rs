//! Who may know whom among the rooms of `plugin-sdk/src`: each imports only from rooms above it in the table, so that no circle is
//! left, and the server half and the host half meet in `protocol` alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Each room and those that it may know. All of them stand above it.
const ROOMS: &[(&str, &[&str])] = &[
    // Small tools, which know nothing of ours.
    ("causes", &[]),
    ("nearest", &[]),
    ("open_enum", &[]),
    ("repeated", &[]),
    ("setters", &[]),
    ("socket", &[]),
    ("standard_output", &[]),
    ("visible", &[]),
    // Bytes and serde.
    ("codec", &["causes"]),
    ("value", &["codec"]),
    // The domain.
    ("violation", &["value"]),
    ("error", &["causes", "value", "violation"]),
    ("denial_metadata", &["repeated", "value"]),
    ("extensions", &["open_enum", "setters", "value"]),
    (
        "result",
        &[
            "codec",
            "denial_metadata",
            "error",
            "extensions",
            "value",
            "violation",
        ],
    ),
    ("context", &["codec", "value"]),
    (
        "hooks",
        &["codec", "extensions", "open_enum", "result", "setters", "value"],
    ),
    ("limits", &["codec", "setters"]),
    ("manifest", &["hooks"]),
    // What goes over the wires. Neither I/O nor calls of plugins.
    (
        "protocol",
        &[
            "codec",
            "context",
            "denial_metadata",
            "error",
            "repeated",
            "setters",
            "value",
            "visible",
        ],
    ),
    (
        "plugin",
        &[
            "codec",
            "context",
            "denial_metadata",
            "error",
            "hooks",
            "manifest",
            "protocol",
            "repeated",
            "result",
            "value",
            "violation",
        ],
    ),
    (
        "dispatch",
        &[
            "causes", "codec", "context", "error", "limits", "manifest", "nearest", "plugin", "protocol",
            "repeated", "result", "value",
        ],
    ),
    // Connections, as both halves have them.
    ("stream", &["protocol"]),
    // The server half.
    ("tls", &[]),
    (
        "server",
        &[
            "causes", "plugin", "repeated", "socket", "stream", "tls", "visible",
        ],
    ),
    (
        "transport",
        &[
            "codec",
            "dispatch",
            "limits",
            "nearest",
            "plugin",
            "protocol",
            "repeated",
            "server",
            "socket",
            "standard_output",
            "stream",
        ],
    ),
    ("environment", &[]),
    ("yaml", &["environment", "manifest", "nearest", "value"]),
    // The host half. It never sees a transport of the server, and dispatch only for plugins in the same process.
    (
        "host",
        &[
            "causes",
            "codec",
            "context",
            "dispatch",
            "environment",
            "error",
            "hooks",
            "limits",
            "manifest",
            "nearest",
            "plugin",
            "protocol",
            "repeated",
            "result",
            "setters",
            "stream",
            "tls",
            "value",
            "visible",
            "yaml",
        ],
    ),
    // Both halves, for tests and `invoke`.
    ("loopback", &["dispatch", "host", "limits", "server", "transport"]),
    (
        "testing",
        &[
            "context",
            "dispatch",
            "error",
            "hooks",
            "host",
            "loopback",
            "manifest",
            "plugin",
            "result",
            "value",
            "violation",
        ],
    ),
    // Whoever runs a plugin. Nobody knows it.
    (
        "launch",
        &[
            "codec",
            "context",
            "dispatch",
            "environment",
            "host",
            "limits",
            "loopback",
            "manifest",
            "nearest",
            "plugin",
            "protocol",
            "repeated",
            "server",
            "socket",
            "standard_output",
            "tls",
            "transport",
            "value",
            "visible",
            "yaml",
        ],
    ),
];

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

/// What rooms import from each other.
#[derive(Default)]
struct Imports {
    /// The room whose parts these are, if not of the whole crate.
    within: Option<&'static str>,
    /// Where each room names each other, for the first time.
    named: BTreeMap<(String, String), String>,
}

/// A path is read up to the room that it leads to.
enum Begin {
    /// From the root of the crate.
    Root,
    /// From the module so many levels further out.
    Super(usize),
}

impl Imports {
    fn of(within: Option<&'static str>) -> Self {
        let root = sources().join(within.unwrap_or_default());
        let mut found = Vec::new();
        files(&root, &mut found);
        let mut imports = Self {
            within,
            ..Self::default()
        };
        for path in found {
            let file = path.strip_prefix(&root).unwrap();
            if !FACES.iter().any(|face| file == Path::new(face)) {
                let text = fs::read_to_string(&path).unwrap();
                imports.read(&text, &modules(file), &file.display().to_string());
            }
        }
        imports
    }

    fn read(&mut self, text: &str, modules: &[String], file: &str) {
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
                    self.path(&tokens, at + 1, &Begin::Root, modules, file);
                }
                TokenTree::Ident(word) if is_path && word == "super" => {
                    self.path(&tokens, at + 1, &Begin::Super(1), modules, file);
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

    /// Follows a path whose first word was read.
    fn path(&mut self, tokens: &[TokenTree], at: usize, begin: &Begin, modules: &[String], file: &str) {
        let [first, second, next, ..] = &tokens[at.min(tokens.len())..] else {
            return;
        };
        if is_punct(first, ':') && is_punct(second, ':') {
            self.step(next, &tokens[at + 2..], begin, modules, file);
        }
    }

    fn step(
        &mut self,
        next: &TokenTree,
        tokens: &[TokenTree],
        begin: &Begin,
        modules: &[String],
        file: &str,
    ) {
        match (next, begin) {
            (TokenTree::Ident(word), Begin::Super(levels)) if word == "super" => {
                self.path(tokens, 1, &Begin::Super(levels + 1), modules, file);
            }
            (TokenTree::Ident(word), Begin::Root) => match self.within {
                None => self.note(modules, &word.to_string(), file),
                Some(within) if word == within => {
                    self.path(tokens, 1, &Begin::Super(modules.len()), modules, file);
                }
                Some(_) => {}
            },
            (TokenTree::Ident(word), Begin::Super(levels)) if *levels == modules.len() => {
                self.note(modules, &word.to_string(), file);
            }
            (TokenTree::Group(group), _) if group.delimiter() == Delimiter::Brace => {
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                for part in tokens.split(|token| is_punct(token, ',')) {
                    if let Some(next) = part.first() {
                        self.step(next, part, begin, modules, file);
                    }
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, modules: &[String], to: &str, file: &str) {
        if let Some(from) = modules.first().filter(|from| *from != to) {
            let names = (from.clone(), to.to_owned());
            self.named.entry(names).or_insert_with(|| file.to_owned());
        }
    }

    /// Imports that the table does not have.
    fn forbidden(&self) -> Vec<String> {
        let rooms: BTreeMap<_, _> = ROOMS.iter().copied().collect();
        let is_allowed = |from: &str, to: &str| rooms.get(from).is_some_and(|known| known.contains(&to));
        self.named
            .iter()
            .filter(|((from, to), _)| !is_allowed(from, to))
            .map(|((from, to), file)| format!("{file}: {from} may not know {to}"))
            .collect()
    }
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

#[test]
fn rooms_know_only_those_above_them() {
    let mut above = BTreeSet::new();
    for (room, known) in ROOMS.iter().copied() {
        for known in known {
            assert!(
                above.contains(known),
                "{room} may know {known}, which is not above it"
            );
        }
        assert!(above.insert(room), "{room} is there twice");
    }
    let imports = Imports::of(None);
    let forbidden = imports.forbidden();
    assert!(forbidden.is_empty(), "{}", forbidden.join("\n"));
    let pairs = ROOMS
        .iter()
        .flat_map(|(room, known)| known.iter().map(move |known| (*room, *known)));
    let unused: Vec<_> = pairs
        .filter(|(room, known)| {
            !imports
                .named
                .contains_key(&((*room).to_owned(), (*known).to_owned()))
        })
        .collect();
    assert!(
        unused.is_empty(),
        "the table allows what no room needs: {unused:?}"
    );
}

#[test]
fn transports_do_not_know_each_other() {
    let imports = Imports::of(Some("transport"));
    let transports = ["grpc", "mcp", "unix"];
    let is_transport = |name: &str| transports.contains(&name);
    for ((from, to), file) in imports.named {
        assert!(
            !(is_transport(&from) && is_transport(&to)),
            "transport/{file}: {from} may not know {to}"
        );
    }
}

#[test]
fn forbidden_imports_are_found_however_they_are_written() {
    for text in [
        "use crate::transport::unix::frame::Frames;",
        "use crate::{codec::CodecError, transport::{self, grpc}};",
        "use super::super::{error::CallError, super::transport::mcp};",
        "fn f() { crate::transport::listen::bind(); }",
        "mod inside { use super::super::super::super::transport::unix; }",
        "limited!(warn, \"a text\"; size = crate::transport::SIZE);",
        "macro_rules! m { () => { $crate::transport::unix::f() }; }",
    ] {
        let mut imports = Imports::default();
        let modules = ["host", "unix", "shared"].map(str::to_owned);
        imports.read(text, &modules, "host/unix/shared.rs");
        let found = imports.forbidden();
        assert_eq!(
            found,
            ["host/unix/shared.rs: host may not know transport"],
            "{text}"
        );
    }
    let mut imports = Imports::default();
    let allowed = "use super::{super::transport::Failure, socket::Socket}; #[cfg(test)] use crate::transport::unix; \
                   #[cfg(test)] mod tests { use crate::transport::unix; }";
    imports.read(
        allowed,
        &["host", "unix", "shared"].map(str::to_owned),
        "host/unix/shared.rs",
    );
    assert_eq!(imports.forbidden(), Vec::<String>::new());
}
