//! The plugin as its user calls it: over a real socket, with the settings of its YAML.

use std::process::Command;

#[test]
fn words_are_replaced_over_a_socket() {
    let output = Command::new(env!("CARGO_BIN_EXE_replace-words"))
        .args([
            "invoke",
            "prompt_pre_fetch",
            "--transport",
            "unix",
            "--config",
            "config.yaml",
            "--payload",
        ])
        .arg(r#"{"prompt_id": "greeting", "args": {"text": "what a crap day"}}"#)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(answer.contains(r#""text": "what a yikes day""#), "{answer}");
}
