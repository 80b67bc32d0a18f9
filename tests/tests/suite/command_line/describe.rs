//! What the program says about itself: manifests, completions.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::run;

#[test]
fn the_manifest_has_the_schema_of_the_settings() {
    let manifest = |format: &str| {
        let program = env!("CARGO_BIN_EXE_probe-plugin");
        let (output, text) = run(program, &["manifest", "--format", format], &[]);
        assert!(output.status.success());
        text
    };
    let manifest_in_json: Value = serde_json::from_str(&manifest("json")).unwrap();
    let schema = &manifest_in_json["config_schema"];
    assert_eq!(schema["title"], "ProbeConfig");
    assert_eq!(schema["properties"]["deny_word"]["type"], "string");
    assert_eq!(
        schema["properties"]["deny_word"]["description"],
        "A call with this word is denied."
    );
    assert_eq!(
        schema["$defs"]["Word"]["required"],
        json!(["search", "replace"]),
        "{schema}"
    );
    // The defaults that serde fills in; `words` has one that cannot be written down.
    let defaults = json!({"deny_word": "forbidden", "fail_word": "explode"});
    assert_eq!(manifest_in_json["default_config"], defaults);
    let yaml: Value = serde_saphyr::from_str(&manifest("yaml")).unwrap();
    assert_eq!(yaml["default_config"], defaults);
    // What installers and catalogues read has no such key.
    assert!(!manifest("yaml").contains("config_schema"));
    // A type that derives none.
    let (_, text) = run(
        env!("CARGO_BIN_EXE_fault-plugin"),
        &["manifest", "-f", "json"],
        &[],
    );
    assert!(!text.contains("config_schema"), "{text}");
    assert!(text.contains(r#""default_config": {}"#), "{text}");
}

#[test]
fn programs_say_their_version() {
    let own = env!("CARGO_PKG_VERSION");
    for (name, program) in [
        ("fault-plugin", env!("CARGO_BIN_EXE_fault-plugin")),
        ("compat-plugins", env!("CARGO_BIN_EXE_compat-plugins")),
    ] {
        for flag in ["--version", "-V"] {
            let (output, text) = run(program, &[flag], &[]);
            assert_eq!(output.status.code(), Some(0));
            assert_eq!(text, format!("{name} {own}\n"));
        }
    }
}

/// The script is one that the shell takes, and completes the program's own name.
#[test]
fn completions_are_scripts_of_the_shell() {
    let program = env!("CARGO_BIN_EXE_fault-plugin");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (output, script) = run(program, &["completions", shell], &[]);
        assert!(output.status.success());
        for word in ["fault-plugin", "gateway-config", "grpc-port", "health"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    let (_, script) = run(program, &["completions", "bash"], &[]);
    let (_, function) = script.split_once("complete -F ").unwrap();
    let function = function.split(' ').next().unwrap().to_owned();
    let script = format!(
        "{script}\nCOMP_WORDS=(fault-plugin ga) COMP_CWORD=1\n{function} fault-plugin ga fault-plugin\necho \"${{COMPREPLY[@]}}\"\n"
    );
    let mut bash = Command::new("bash")
        .args(["--norc", "--noprofile"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "gateway-config\n");
}
