//! Dependencies as authors write them into their `Cargo.toml`.

use std::{fs, process::Command};

use super::{
    root,
    rules::{Rule, blocks_with},
};

/// Cargo resolves them, features and all; the SDK is the one of this checkout.
#[test]
fn dependencies_are_there_with_their_features() {
    let sdk = root().join("plugin-sdk").canonicalize().unwrap();
    let source = "git = \"https://github.com/contextforge-org/plugin-sdk-rust\"";
    let blocks = blocks_with(Rule::Dependencies);
    assert!(!blocks.is_empty());
    for block in blocks {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert!(block.text.contains(source), "{}: where is the SDK?", block.place);
        let dependencies = block
            .text
            .replace(source, &format!("path = \"{}\"", sdk.display()));
        let package = "[package]\nname = \"author\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(path.join("Cargo.toml"), format!("{package}{dependencies}")).unwrap();
        fs::create_dir(path.join("src")).unwrap();
        fs::write(path.join("src/main.rs"), "fn main() {}").unwrap();
        fs::copy(root().join("Cargo.lock"), path.join("Cargo.lock")).unwrap();
        let resolved = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--depth", "1"])
            .current_dir(path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&resolved.stderr);
        assert!(resolved.status.success(), "{}: {said}", block.place);
    }
}
