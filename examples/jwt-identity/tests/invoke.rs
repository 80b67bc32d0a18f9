//! The command of the README, as it stands there.

use std::process::Command;

#[test]
fn the_command_of_the_readme_names_the_user() {
    let command = include_str!("../README.md")
        .lines()
        .find_map(|line| line.strip_prefix("cargo run -p jwt-identity -- "))
        .unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("\"$PLUGIN\" {command}")])
        .env("PLUGIN", env!("CARGO_BIN_EXE_jwt-identity"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(answer.contains(r#""email": "alice@example.com""#), "{answer}");
}
