//! Who may know whom among the rooms of `plugin-sdk/src`: each imports only from rooms above it in the table, so that no circle is
//! left, and the server half and the host half meet in `protocol` alone. Below the rooms, no folder is in a circle of imports.

mod imports;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use imports::{Imports, folders};

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
            "causes", "limits", "plugin", "repeated", "socket", "stream", "tls", "visible",
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

static IMPORTS: LazyLock<Imports> = LazyLock::new(Imports::of_the_crate);

/// Imports that the table does not have.
fn forbidden(imports: &Imports) -> Vec<String> {
    let rooms: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let is_allowed = |from: &str, to: &str| rooms.get(from).is_some_and(|known| known.contains(&to));
    imports
        .between(&[])
        .iter()
        .filter(|((from, to), _)| !is_allowed(from, to))
        .map(|((from, to), file)| format!("{file}: {from} may not know {to}"))
        .collect()
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
    let forbidden = forbidden(&IMPORTS);
    assert!(forbidden.is_empty(), "{}", forbidden.join("\n"));
    let pairs = ROOMS
        .iter()
        .flat_map(|(room, known)| known.iter().map(move |known| (*room, *known)));
    let named = IMPORTS.between(&[]);
    let unused: Vec<_> = pairs.filter(|pair| !named.contains_key(pair)).collect();
    assert!(
        unused.is_empty(),
        "the table allows what no room needs: {unused:?}"
    );
}

#[test]
fn transports_do_not_know_each_other() {
    let transports = ["grpc", "mcp", "unix"];
    let is_transport = |name: &str| transports.contains(&name);
    for ((from, to), file) in IMPORTS.between(&["transport".to_owned()]) {
        assert!(
            !(is_transport(from) && is_transport(to)),
            "{file}: {from} may not know {to}"
        );
    }
}

#[test]
fn no_folder_is_in_a_circle_of_imports() {
    let folders = folders();
    let circles: Vec<_> = folders
        .iter()
        .flat_map(|inside| IMPORTS.circles(inside, &folders))
        .collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
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
        let found = forbidden(&imports);
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
    assert_eq!(forbidden(&imports), Vec::<String>::new());
}

#[test]
fn a_circle_is_found_where_it_goes_through_a_folder() {
    let modules = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let mut imports = Imports::default();
    for (file, text) in [
        (
            "host/config/file",
            "use super::super::registry::{self, Registry};",
        ),
        ("host/registry", "use crate::host::{config::Config, settings};"),
        ("host/settings", "use super::error;"),
        ("host/error", "use super::settings;"),
    ] {
        imports.read(text, &modules(file), file);
    }
    let circles = |folder: &str| imports.circles(&modules("host"), &BTreeSet::from([modules(folder)]));
    let found = circles("host/config");
    let circle = [
        "host/config/file: config knows registry",
        "host/registry: registry knows config",
    ];
    assert!(
        circle
            .iter()
            .all(|import| found.iter().any(|found| found == import)),
        "{found:?}"
    );
    assert_eq!(circles("host/other"), Vec::<String>::new());
}
