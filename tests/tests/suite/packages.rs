//! The crates that ship can be published from the checkout as it is.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use plugin_sdk_tests::process::without_package;
use serde_json::Value;

use crate::installation::{INSTALL_PATIENCE, output};

/// In the order in which they are published, with the directories that are in the package.
const CRATES: [(&str, &str, &[&str]); 4] = [
    ("h2-authority", "h2-authority", &["src"]),
    ("plugin-sdk-proto", "proto", &["src", "proto"]),
    ("plugin-sdk-macros", "plugin-sdk-macros", &["src"]),
    ("plugin-sdk", "plugin-sdk", &["src"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    without_package(&mut cargo).current_dir(root());
    // As in the workspace, so that dependencies need not be built again.
    for profile in ["debug='line-tables-only'", "package.'*'.debug=false"] {
        cargo.args(["--config", &format!("profile.dev.{profile}")]);
    }
    cargo.args(arguments);
    output(&mut cargo, INSTALL_PATIENCE).unwrap()
}

/// All files below a directory of a crate.
fn files(krate: &Path, directory: &str, found: &mut BTreeSet<String>) {
    for entry in krate.join(directory).read_dir().unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files(krate, &path, found);
        } else {
            found.insert(path);
        }
    }
}

/// Each package is made, and built from what is in it alone. What is not committed yet is no reason to fail.
#[test]
fn packages_are_whole() {
    let names = CRATES.map(|(name, ..)| ["--package", name]).concat();
    let report = cargo(&[&["package", "--allow-dirty", "--locked"], &names[..]].concat());
    for (name, ..) in CRATES {
        assert!(report.contains(&format!("Verifying {name} ")), "{report}");
    }
}

#[test]
fn nothing_strays_into_a_package() {
    for (name, directory, parts) in CRATES {
        let list = cargo(&["package", "--list", "--allow-dirty", "--quiet", "--package", name]);
        let mut packaged: BTreeSet<_> = list.lines().map(str::to_owned).collect();
        for made in [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml.orig"] {
            packaged.remove(made);
        }
        let mut expected: BTreeSet<_> = ["Cargo.toml", "LICENSE", "README.md"].map(str::to_owned).into();
        for part in parts {
            files(&root().join(directory), part, &mut expected);
        }
        assert_eq!(packaged, expected, "{name}");
    }
}

#[test]
fn packages_say_what_a_registry_shows() {
    let metadata: Value = serde_json::from_str(&cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--locked",
        "--quiet",
    ]))
    .unwrap();
    let mut published = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if package["publish"].is_array() {
            continue;
        }
        published.push(name);
        let texts = [
            "description",
            "license",
            "readme",
            "repository",
            "documentation",
            "rust_version",
        ];
        for key in texts {
            assert!(package[key].is_string(), "{name} has no {key}");
        }
        for key in ["keywords", "categories"] {
            let words = package[key].as_array().unwrap();
            assert!((1..=5).contains(&words.len()), "{name}: {key}");
        }
        assert_eq!(package["metadata"]["docs"]["rs"]["all-features"], true, "{name}");
        for dependency in package["dependencies"].as_array().unwrap() {
            let is_shipped = dependency["kind"] != "dev";
            assert!(
                !is_shipped || dependency["req"] != "*",
                "{name}: {} has no version",
                dependency["name"]
            );
        }
    }
    published.sort_unstable();
    let mut expected = CRATES.map(|(name, ..)| name);
    expected.sort_unstable();
    assert_eq!(published, expected, "everything else has `publish = false`");
}
