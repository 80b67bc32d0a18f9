//! Whatever is chosen, the project builds without warnings, is well formatted, and passes its tests.

use std::{collections::BTreeMap, process::Command};

use super::{
    generate::{cargo, fresh, generate, generate_in, root, workspace},
    projects::{built, generated, hook_words},
};
use crate::installation::{INSTALL_PATIENCE, output};

#[test]
fn projects_of_all_hooks_pass_their_tests() {
    let _ = built();
}

#[test]
fn projects_of_all_hooks_and_of_each_have_nothing_to_lint() {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    cargo(&generated().workspace, &arguments);
}

#[test]
fn projects_are_well_formatted_as_they_come() {
    let mut format = Command::new("cargo");
    format
        .args(["fmt", "--all", "--check"])
        .current_dir(&generated().workspace);
    output(&mut format, INSTALL_PATIENCE).unwrap_or_else(|error| panic!("{error}"));
}

/// Also with the shortest name, and with the longest, which is in many lines.
#[test]
fn names_of_any_length_fit() {
    let all = hook_words().join(",");
    for name in ["p", "a-name-that-is-as-long-as-the-templates-allow-them"] {
        let project = generate("plugin-full", name, &[("hooks", &all)]);
        let mut format = Command::new("cargo");
        format.args(["fmt", "--check"]).current_dir(project);
        output(&mut format, INSTALL_PATIENCE).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The crates that a project depends on, each with its features, without those that only its tests need.
fn dependencies(workspace: &std::path::Path, name: &str, arguments: &[&str]) -> BTreeMap<String, String> {
    let tree = [
        "tree",
        "--package",
        name,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}|{f}",
    ];
    let log = cargo(workspace, &[&tree, arguments].concat());
    log.lines()
        .filter_map(|line| {
            let (package, features) = line.split_once('|')?;
            // What was shown before is marked.
            let features = features.trim_end_matches(" (*)");
            Some((package.split(' ').next()?.to_owned(), features.to_owned()))
        })
        .collect()
}

#[test]
fn transports_that_are_not_chosen_are_not_built() {
    let workspace = workspace(&fresh("transports"));
    // The Unix socket has no library to itself.
    let crates: [(_, &[&str]); 3] = [
        ("unix", &[]),
        ("grpc", &["tonic", "prost"]),
        ("mcp", &["metrics-exporter-prometheus"]),
    ];
    for number in 1..8_usize {
        let chosen: Vec<_> = (0..3).filter(|index| number >> index & 1 == 1).collect();
        let words: Vec<_> = chosen.iter().map(|index| crates[*index].0).collect();
        for template in ["plugin", "plugin-full"] {
            let name = format!("{template}-with-{}", words.join("-")).replace("plugin-", "p-");
            generate_in(&workspace, template, &name, &[("transports", &words.join(","))]);
            let built = dependencies(&workspace, &name, &[]);
            let features: Vec<_> = built["plugin-sdk"].split(',').collect();
            for (transport, libraries) in &crates {
                let is_chosen = words.contains(transport);
                assert_eq!(features.contains(transport), is_chosen, "{name}: {transport}");
                for library in *libraries {
                    assert_eq!(built.contains_key(*library), is_chosen, "{name}: {library}");
                }
            }
        }
    }
    // Such a project is complete: the smallest of them is checked. The SDK alone is, with each transport, in `.ci/run`.
    cargo(&workspace, &["check", "--package", "p-with-unix"]);
}

/// The other places that the SDK may come from. That of the default, its repository, is in the quickstart.
#[test]
fn the_sdk_comes_from_where_it_is_said_to() {
    let workspace = workspace(&fresh("sources"));
    let manifest = |name: &str, defines: &[(&str, &str)]| {
        let project = generate_in(&workspace, "plugin-full", name, defines);
        std::fs::read_to_string(project.join("Cargo.toml")).unwrap()
    };
    let repository = "git = \"https://github.com/contextforge-org/plugin-sdk-rust\"";
    let text = manifest("newest", &[("sdk", "git")]);
    assert_eq!(
        text.matches(&format!("plugin-sdk = {{ {repository}, default"))
            .count(),
        2,
        "{text}"
    );
    let text = manifest("revision", &[("sdk", "git"), ("sdk_revision", "v0.1.0")]);
    assert_eq!(
        text.matches(&format!("{{ {repository}, rev = \"v0.1.0\", default"))
            .count(),
        2,
        "{text}"
    );
    for name in ["newest", "revision"] {
        std::fs::remove_dir_all(workspace.join(name)).unwrap();
    }
    let text = manifest("published", &[("sdk", "crates.io")]);
    assert_eq!(
        text.matches("plugin-sdk = { version = \"0.1\", default").count(),
        2,
        "{text}"
    );
    // As if this checkout were published.
    let crates = [
        ("plugin-sdk", "plugin-sdk"),
        ("plugin-sdk-macros", "plugin-sdk-macros"),
        ("plugin-sdk-proto", "proto"),
    ];
    let crates = crates.map(|(name, directory)| {
        let place = root().join(directory).canonicalize().unwrap();
        format!("{name} = {{ path = {place:?} }}\n")
    });
    let patch = format!("\n[patch.crates-io]\n{}", crates.concat());
    let manifest = workspace.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text + &patch).unwrap();
    let built = dependencies(&workspace, "published", &[]);
    assert!(built.contains_key("plugin-sdk"), "{built:?}");
}
