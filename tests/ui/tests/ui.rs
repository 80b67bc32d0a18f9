//! What an author sees for each mistake, and what must go through.

use std::{collections::BTreeSet, path::Path, process::Command};

/// Expected messages are pinned to the compiler of `rust-toolchain.toml`; `TRYBUILD=overwrite` writes them anew. Cases that must
/// go through are not among these: with one of them, trybuild would build each case by itself.
#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn every_program_that_must_go_through_is_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for program in root.join("pass").read_dir().unwrap() {
        let name = program.unwrap().file_name().into_string().unwrap();
        assert!(
            manifest.contains(&format!("path = \"pass/{name}\"")),
            "{name} is not in Cargo.toml"
        );
    }
}

/// Lints that no crate can forbid for itself, and one for everything.
const NOT_FOR_AUTHORS: &[&str] = &["unstable_features", "unused_crate_dependencies", "warnings"];

/// One of the cases above has them all, so that nothing which the attribute prints needs to be allowed.
#[test]
fn the_strict_case_forbids_every_lint_of_the_compiler() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("pass/strict_lints.rs");
    let case = std::fs::read_to_string(case).unwrap();
    let (_, forbidden) = case.split_once("#![forbid(").unwrap();
    let (forbidden, _) = forbidden.split_once(")]").unwrap();
    let forbidden: BTreeSet<&str> = forbidden.split(',').map(str::trim).collect();
    let all = Command::new("rustc").args(["-W", "help"]).output().unwrap();
    let all = String::from_utf8(all.stdout).unwrap();
    let (lints, _) = all.split_once("Lint groups provided by rustc").unwrap();
    let mut missing = BTreeSet::new();
    let mut count = 0;
    for line in lints.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some("allow" | "warn" | "deny")) = (words.next(), words.next()) else {
            continue;
        };
        count += 1;
        let name = name.replace('-', "_");
        if !forbidden.contains(name.as_str()) && !NOT_FOR_AUTHORS.contains(&name.as_str()) && is_stable(&name)
        {
            missing.insert(name);
        }
    }
    assert!(count > 150, "{all}");
    assert!(missing.is_empty(), "{missing:?}");
}

/// Whether the compiler knows the lint without a feature of nightly.
fn is_stable(lint: &str) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("empty.rs");
    std::fs::write(&file, format!("#![deny(unknown_lints)] #![forbid({lint})]")).unwrap();
    let mut command = Command::new("rustc");
    command.args(["--crate-type", "lib", "--emit", "metadata", "--out-dir"]);
    let tried = command.arg(directory.path()).arg(&file).output().unwrap();
    !String::from_utf8_lossy(&tried.stderr).contains("unknown lint")
}
