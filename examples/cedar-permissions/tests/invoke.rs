//! The command of the README, as it stands there.

use std::process::Command;

#[test]
fn the_command_of_the_readme_is_decided_by_a_policy() {
    let command = include_str!("../README.md")
        .lines()
        .find_map(|line| line.strip_prefix("cargo run -p cedar-permissions -- "))
        .unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("\"$PLUGIN\" {command}")])
        .env("PLUGIN", env!("CARGO_BIN_EXE_cedar-permissions"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(answer.contains("permitted by developers-use-tools"), "{answer}");
}
