//! The rules for a plugin's configuration, as a server reports it and reads it from its file.

use std::io::Write;
use std::process::{Command, Stdio};

use plugin_sdk_tests::process::without_settings;
use serde_json::{Value, json};

use super::{cases, decode, normal, start, text};

/// Hosts accept these, but our server does not read them from its file.
const STRICT: &[(&str, &str)] = &[("hooks-unknown-name", "the plugin must have the hook")];

/// The cases about what a server reports. The others are about the gateway's own file, and a server sends none of it.
fn remote() -> Vec<Value> {
    let (remote, gateway): (Vec<_>, Vec<_>) = cases("config_validation.json", 123)
        .into_iter()
        .partition(|case| case["group"] == "remote");
    assert_eq!((remote.len(), gateway.len()), (REMOTE, 123 - REMOTE));
    remote
}

const REMOTE: usize = 52;

/// The file with these entries, which are JSON and therefore YAML.
fn file(entries: &[Value]) -> String {
    json!({ "plugins": entries }).to_string()
}

/// The entry of a case, of a plugin that there is.
fn entry(case: &Value, name: &str) -> Value {
    let mut entry = case["input"].clone();
    if entry.get("name").is_some() {
        entry["name"] = name.into();
    }
    if entry["kind"] == "rust" {
        entry["kind"] = "plugins.vec.Modes".into();
    }
    entry
}

/// What a host makes of a reported configuration.
fn read_by_host(config: &mut Value) {
    normal::numbers(config);
    let known = |mode: &str| {
        Some(match mode {
            "enforce" | "enforce_ignore_error" => "sequential",
            "permissive" => "transform",
            _ => return None,
        })
    };
    normal::config(config);
    if let Some(mode) = config["mode"].as_str().and_then(known) {
        config["mode"] = mode.into();
    }
    if !config["capabilities"].is_array() {
        config["capabilities"] = json!([]);
    }
    if let Some(priority) = config["priority"].as_str() {
        config["priority"] = priority.parse::<i64>().unwrap().into();
    }
    for condition in config["conditions"].as_array_mut().into_iter().flatten() {
        condition.as_object_mut().unwrap().remove("zzz");
        for content_type in condition["content_types"].as_array_mut().into_iter().flatten() {
            let base = content_type
                .as_str()
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .trim()
                .to_lowercase();
            *content_type = base.into();
        }
    }
}

#[test]
fn what_hosts_accept_is_read_and_reported() {
    let mut accepted = remote();
    accepted.retain(|case| case["accepted"] == true && !is_strict(case));
    let entries = accepted
        .iter()
        .enumerate()
        .map(|(at, case)| entry(case, &format!("P{at}")));
    let server = start(&file(&entries.collect::<Vec<_>>())).unwrap();
    let answer = server.connect().unwrap().call(&[]).unwrap();
    let mut reported = decode::message("GetPluginConfigsResponse", &answer).unwrap();
    let reported = reported["configs"].as_array_mut().unwrap();
    assert_eq!(reported.len(), accepted.len());
    for (at, (case, config)) in accepted.iter().zip(reported).enumerate() {
        let mut expected = case["parsed_set_fields"].clone();
        expected["name"] = format!("P{at}").into();
        expected["kind"] = "plugins.vec.Modes".into();
        // What the file leaves out, the plugin says.
        if expected.get("hooks").is_none() {
            expected["hooks"] = json!(["tool_pre_invoke"]);
        }
        read_by_host(config);
        read_by_host(&mut expected);
        assert_eq!(*config, expected, "{}", case["id"]);
    }
}

#[test]
fn what_hosts_refuse_is_refused_in_the_file() {
    let mut refused = remote();
    refused.retain(|case| case["accepted"] == false || is_strict(case));
    assert_eq!(refused.len(), REFUSED);
    for case in &refused {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(self::file(&[entry(case, "P")]).as_bytes())
            .unwrap();
        let mut check = Command::new(env!("CARGO_BIN_EXE_vector-plugin"));
        let directory = tempfile::tempdir().unwrap();
        let output = without_settings(&mut check)
            .args(["check", "--config"])
            .arg(file.path())
            .env("PLUGINS_UNIX_SOCKET_PATH", directory.path().join("plugin.sock"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!output.status.success(), "{}: accepted:\n{report}", case["id"]);
        assert!(
            report.contains("plugins[0]"),
            "{}: the report names no place:\n{report}",
            case["id"]
        );
    }
}

const REFUSED: usize = 19;

fn is_strict(case: &Value) -> bool {
    STRICT.iter().any(|(id, _)| *id == text(case, "id"))
}
