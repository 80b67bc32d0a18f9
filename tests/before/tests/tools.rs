//! The first test of the workspace: it ends the run with one message if programs are missing that others need.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

const SKIP_HOST: &str = "PLUGIN_SDK_SKIP_HOST";
const SKIP_CONFORMANCE: &str = "PLUGIN_SDK_SKIP_CONFORMANCE";

fn tools(change: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new("bash");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.ci/tools"));
    change(&mut command);
    command.output().unwrap()
}

#[test]
fn every_tool_is_there() {
    let found = tools(|_| {});
    let said = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "\n\n{said}\n");
}

#[test]
fn all_that_are_missing_are_named_at_once() {
    let empty = tempfile::tempdir().unwrap();
    let bash = Command::new("sh")
        .args(["-c", "command -v bash"])
        .output()
        .unwrap();
    let bash = String::from_utf8(bash.stdout).unwrap();
    symlink(bash.trim(), empty.path().join("bash")).unwrap();
    let missing = |switch: Option<&str>| -> Vec<String> {
        let output = tools(|command| {
            for variable in ["PLUGIN_SDK_PYTHON", SKIP_HOST, SKIP_CONFORMANCE] {
                command.env_remove(variable);
            }
            command.arg("valgrind").env("PATH", empty.path());
            command.envs(switch.map(|switch| (switch, "1")));
        });
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stdout).unwrap();
        let lines = said.lines().filter_map(|line| line.strip_prefix("  "));
        lines
            .filter_map(|line| line.split(':').next())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        missing(None),
        ["git", "curl", "openssl", "valgrind", "python3", "npm"]
    );
    assert_eq!(
        missing(Some(SKIP_HOST)),
        ["git", "curl", "openssl", "valgrind", "npm"]
    );
    assert_eq!(
        missing(Some(SKIP_CONFORMANCE)),
        ["git", "curl", "openssl", "valgrind", "python3"]
    );
}
