//! The real host calls every example with what its README calls it with, and gets what that prints.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use plugin_sdk_tests::process::{ServerProcess, without_package, without_settings};
use serde_json::Value;

use crate::{
    installation::{Failed, INSTALL_PATIENCE, output},
    readme::{EXAMPLES, blocks, read, root},
    real_host::{Call, call_each},
};

/// The command of an example's README, taken to its words by the shell.
fn words(example: &str) -> Vec<String> {
    let text = read(&format!("examples/{example}/README.md"));
    let command = blocks(&text, "sh")[0].trim();
    let arguments = command
        .strip_prefix(&format!("cargo run -p {example} -- invoke "))
        .unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("printf '%s\\n' {arguments}")])
        .output()
        .unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    words.lines().map(str::to_owned).collect()
}

/// The value of a flag, as JSON: the text itself, or that of a file.
fn json(words: &[String], flag: &str) -> Value {
    let Some(place) = words.iter().position(|word| word == flag) else {
        return Value::Null;
    };
    let text = &words[place + 1];
    let text = text.strip_prefix('@').map_or_else(|| text.clone(), read);
    serde_json::from_str(&text).unwrap()
}

/// The program of an example, built as the command of its README builds it.
fn build(example: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    without_package(&mut cargo).args([
        "build",
        "--quiet",
        "--message-format",
        "json",
        "--package",
        example,
    ]);
    let messages = output(cargo.current_dir(root()), INSTALL_PATIENCE).unwrap();
    let mut messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.unwrap_or_else(|| panic!("{example} has no program"))
}

#[test]
fn the_real_host_gets_what_their_readmes_say() -> Result<(), Failed> {
    let mut servers = Vec::new();
    let mut calls = Vec::new();
    for (example, _) in EXAMPLES {
        let words = words(example);
        let program = build(example);
        let program = program.to_str().unwrap();
        let config = format!("examples/{example}/config.yaml");
        // As the README serves it, on a socket of this run.
        let command = format!("`cargo run -p {example} -- --config {config}`");
        assert!(
            read(&format!("examples/{example}/README.md")).contains(&command),
            "{example}: {command}"
        );
        // Where the command of the README runs, too: files that the settings name are found from here.
        let server = ServerProcess::start_with(program, "", |command| {
            command.env_remove("PLUGINS_CONFIG_PATH").current_dir(root());
            command.args(["--config", &config]);
        })
        .unwrap();
        let mut stanza = Command::new(program);
        without_settings(&mut stanza)
            .args([
                "gateway-config",
                "--transport",
                "unix",
                "--config",
                &config,
                "--socket",
            ])
            .arg(server.socket())
            .current_dir(root())
            .stdin(Stdio::null());
        calls.push(Call {
            gateway: output(&mut stanza, INSTALL_PATIENCE).unwrap(),
            hook: words[0].clone(),
            payload: json(&words, "--payload"),
            context: json(&words, "--context"),
        });
        servers.push(server);
    }
    let Some(answers) = call_each(&calls)? else {
        return Ok(());
    };
    assert_eq!(answers.len(), EXAMPLES.len());
    for ((example, expected), answer) in EXAMPLES.iter().zip(answers) {
        assert!(answer.contains(expected), "{example}: {answer}");
    }
    Ok(())
}
