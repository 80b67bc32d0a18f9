//! The command line of a server, whatever it serves: commands, and where settings come from.

mod check;
mod describe;
mod gateway_config;
mod health;
mod help;
mod output;
mod template;
mod transports;
mod unwritable;

use std::{
    fs,
    process::{Command, Output},
};

use plugin_sdk_tests::process::{ServerProcess, without_settings};
use tempfile::TempDir;

use crate::frames::CONFIGURATION;

/// Runs a program of the tests in a directory of its own, without the settings of whoever runs the tests.
pub(crate) fn run(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> (Output, String) {
    let directory = TempDir::new().unwrap();
    let mut command = Command::new(program);
    let output = without_settings(&mut command)
        .args(arguments)
        .envs(settings.iter().copied())
        .current_dir(directory.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

/// What `check` prints about a section of the configuration, and its exit status.
pub(crate) fn check(section: &str, settings: &str) -> (Option<i32>, String) {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("plugins.yaml");
    fs::write(&file, format!("{CONFIGURATION}\n{section}: {settings}\n")).unwrap();
    let program = env!("CARGO_BIN_EXE_fault-plugin");
    let (output, text) = run(program, &["check", "--config", file.to_str().unwrap()], &[]);
    (output.status.code(), text)
}

/// `check` finds these settings of a section wrong, and says so in one error with each of these words.
pub(crate) fn assert_wrong(section: &str, settings: &str, said: &[&str]) {
    let (status, text) = check(section, settings);
    assert_eq!(status, Some(1), "{settings}: {text}");
    let found = text
        .lines()
        .any(|line| line.starts_with("error: ") && said.iter().all(|word| line.contains(word)));
    assert!(found, "{settings}: no error says {said:?}:\n{text}");
}

/// A server of `fault-plugin` over a transport, with settings in a section of its configuration, flags and variables.
pub(crate) fn server(
    transport: &str,
    [section, settings]: [&str; 2],
    flags: &[&str],
    variables: &[(&str, &str)],
) -> ServerProcess {
    let section = if settings.is_empty() {
        String::new()
    } else {
        format!("\n{section}: {settings}\n")
    };
    let configuration = format!("{CONFIGURATION}{section}");
    ServerProcess::start_with(env!("CARGO_BIN_EXE_fault-plugin"), &configuration, |command| {
        command
            .env("PLUGINS_TRANSPORT", transport)
            .args(flags)
            .envs(variables.iter().copied());
    })
    .unwrap()
}

/// Host and port, which the server chose by itself.
pub(crate) fn tcp_address(server: &ServerProcess) -> String {
    let log = server.log();
    let (_, address) = log
        .split_once("://")
        .unwrap_or_else(|| panic!("no address in the log: {log}"));
    let end = |letter: char| letter.is_whitespace() || letter == '/';
    address.split(end).next().unwrap().to_owned()
}

/// What a caller without any host gets is the same in process and over each transport.
#[test]
fn invoke_prints_the_same_over_every_transport() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/host/probe.yaml");
    let context = r#"{"state": {"k": [1, null]}, "metadata": {}, "global_context":
        {"request_id": "r", "user": {"email": "a@b"}, "tenant_id": "t", "state": {"g": 2.5}, "metadata": {"m": "é"}}}"#;
    for (hook, payload, is_result) in [
        ("tool_pre_invoke", r#"{"name": 3}"#, false),
        (
            "tool_pre_invoke",
            r#"{"name": "search", "args": {"q": "a day"}}"#,
            true,
        ),
        (
            "tool_pre_invoke",
            "{\n  \"name\": \"search\",\r\n  \"args\": {\"q\": \"a\\nday\"}\n}\n",
            true,
        ),
        (
            "tool_pre_invoke",
            r#"{"name": "search", "args": {"q": "crap", "n": 3, "f": 0.5, "none": null}}"#,
            true,
        ),
        (
            "tool_pre_invoke",
            r#"{"name": "search", "args": {"q": "forbidden"}}"#,
            true,
        ),
        (
            "tool_pre_invoke",
            r#"{"name": "search", "args": {"q": "explode"}}"#,
            false,
        ),
        (
            "tool_pre_invoke",
            r#"{"name": "é", "args": {"probe": {"echo_context": true, "state": {"s": {"deep": []}}, "global_state": {"h": 1}}}}"#,
            true,
        ),
        (
            "tool_post_invoke",
            r#"{"name": "n", "result": {"probe": {"error": {"message": "told", "code": "E", "details": {"a": [true]}}}}}"#,
            false,
        ),
        (
            "http_pre_request",
            r#"{"path": "/", "method": "GET", "headers": {"a": "crap"}}"#,
            true,
        ),
        (
            "identity_resolve",
            r#"{"raw_token": "t", "headers": {"x-probe-user": "u"}}"#,
            true,
        ),
        (
            "cmf.llm_input",
            r#"{"message": {"role": "user", "content": [{"content_type": "text", "text": "crap"}]}}"#,
            true,
        ),
    ] {
        let call = |transport: &[&str]| {
            let arguments = ["invoke", hook, "--plugin", "ProbePlugin", "--config", config];
            let arguments = [
                &arguments[..],
                &["--payload", payload, "--context", context],
                transport,
            ]
            .concat();
            let (output, text) = run(env!("CARGO_BIN_EXE_probe-plugin"), &arguments, &[]);
            let log = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(
                output.status.code(),
                Some(i32::from(!is_result)),
                "{hook} {payload} {transport:?}: {text}{log}"
            );
            text
        };
        let in_process = call(&[]);
        for transport in ["unix", "grpc", "http", "stdio"] {
            assert_eq!(
                call(&["--transport", transport]),
                in_process,
                "{hook} {payload} over {transport}"
            );
        }
    }
}
