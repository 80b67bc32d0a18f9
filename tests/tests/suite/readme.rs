//! The README is true: its first code is the example, its commands work, its numbers are those that were measured.

mod numbers;

use std::{fs, path::PathBuf, process::Command};

use plugin_sdk_tests::process::{without_package, without_settings};

use crate::templates::files::Serving;

/// The examples that are plugins, and what the command of each one's README prints among other things.
pub(crate) const EXAMPLES: [(&str, &str); 9] = [
    ("replace-words", "what a yikes day"),
    ("deny-list", r#""code": "DENY_LIST""#),
    ("redact-pii", "Alice, [EMAIL], paid with **** **** **** 1111"),
    ("mask-secrets", "postgres://app:[SECRET]@db/main"),
    ("rate-limit", r#""remaining_calls": 4"#),
    ("cedar-permissions", "permitted by developers-use-tools"),
    ("jwt-identity", r#""email": "alice@example.com""#),
    ("http-headers", r#""x-content-type-options": "nosniff""#),
    ("custom-hook", "[External] Offer"),
];

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The blocks of code in a language.
pub(crate) fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    text.split(&format!("```{language}\n"))
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect()
}

/// Runs a command of the README in the root of the checkout.
fn run(command: &str) -> String {
    let mut shell = Command::new("sh");
    let output = without_settings(without_package(&mut shell))
        .arg("-c")
        .arg(command)
        .current_dir(root())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}\n{error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_first_code_is_the_example() {
    assert_eq!(
        blocks(&read("README.md"), "rust")[0],
        read("examples/replace-words/src/main.rs")
    );
}

#[test]
fn two_commands_set_up_everything_and_the_first_calls_a_hook() {
    let readme = read("README.md");
    let (readme, _) = readme.split_once("## A project of your own").unwrap();
    let commands = blocks(readme, "sh");
    assert_eq!(commands.len(), 2);
    let answer = run(commands[0].trim());
    assert!(answer.contains(r#""text": "what a yikes day""#), "{answer}");
    let test = commands[1].trim();
    assert!(
        read(".ci/run").contains(test),
        "`{test}` is not what .ci/run calls"
    );
}

/// Only the socket is another, one of this run.
#[test]
fn the_host_calls_the_server_of_its_readme() {
    const SOCKET: &str = "/tmp/words.sock";
    const GATEWAY: &str = "examples/host/gateway.yaml";
    let text = read("examples/host/README.md");
    let commands = blocks(&text, "sh");
    let directory = tempfile::Builder::new().prefix("h-").tempdir_in("/tmp").unwrap();
    let socket = directory.path().join("words.sock").display().to_string();
    let gateway = directory.path().join("gateway.yaml").display().to_string();
    assert!(commands[0].contains(SOCKET) && commands[1].contains(GATEWAY) && read(GATEWAY).contains(SOCKET));
    fs::write(&gateway, read(GATEWAY).replace(SOCKET, &socket)).unwrap();

    let mut server = Command::new("sh");
    without_settings(without_package(&mut server))
        .args(["-c", &commands[0].trim().replace(SOCKET, &socket)])
        .current_dir(root());
    let server = Serving::start(&mut server);
    let said = run(&commands[1].trim().replace(GATEWAY, &gateway));
    assert!(said.contains("what a yikes day"), "{said}");
    drop(server);
}

/// Their test runs the quickstart's.
#[test]
fn the_commands_for_a_project_are_those_of_the_quickstart() {
    let (readme, quickstart) = (read("README.md"), read("docs/quickstart.md"));
    let quickstart = blocks(&quickstart, "sh").concat();
    let mut known = quickstart.lines();
    for command in blocks(&readme, "sh")[2].lines() {
        assert!(
            known.any(|line| line == command),
            "`{command}` is not in the quickstart, or not there"
        );
    }
}

#[test]
fn the_commands_of_the_examples_work() {
    for (example, expected) in EXAMPLES {
        let text = read(&format!("examples/{example}/README.md"));
        assert!(
            text.lines().count() <= 12,
            "{example}: the README has more than ten lines"
        );
        let answer = run(blocks(&text, "sh")[0].trim());
        assert!(answer.contains(expected), "{answer}");
    }
}

#[test]
fn the_table_of_settings_names_the_flags_and_variables_that_there_are() {
    let help = Command::new(env!("CARGO_BIN_EXE_fault-plugin"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let page = read("docs/configuration.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .collect();
    let named = |text: &str, prefix: &str| -> std::collections::BTreeSet<String> {
        let word = |character: char| !(character.is_ascii_alphanumeric() || "-_".contains(character));
        text.split(word)
            .filter(|word| word.starts_with(prefix))
            .map(str::to_owned)
            .collect()
    };
    let mut flags = named(&help, "--");
    flags.retain(|flag| flag != "--help" && flag != "--version");
    assert_eq!(named(&rows.join("\n"), "--"), flags);
    assert_eq!(named(&rows.join("\n"), "PLUGINS_"), named(&help, "PLUGINS_"));
}
