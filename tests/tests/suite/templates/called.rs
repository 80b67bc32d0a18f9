//! The real host calls generated plugins, with the stanza that was generated with them.

use std::{fs, path::Path};

use plugin_sdk::hooks;
use serde_json::{Value, json};

use super::{
    files::sample,
    generate::program,
    projects::{Projects, built},
};
use crate::{
    installation::{Failed, output},
    real_host::CURRENT,
};

/// What is called at a project: its hooks with a payload for each, as its README has it.
fn case(project: &Path, hooks: &[&str], payloads: &[(&str, String)], config: &str, gateway: &Path) -> Value {
    let payload = |hook: &str| {
        let (_, payload) = payloads.iter().find(|(name, _)| *name == hook).unwrap();
        serde_json::from_str::<Value>(payload).unwrap()
    };
    let calls: Vec<Value> = hooks.iter().map(|hook| json!([hook, payload(hook)])).collect();
    json!({
        "name": project.file_name().unwrap().to_str(),
        "program": program(project),
        "directory": project,
        "config": project.join(config),
        "gateway": gateway,
        "calls": calls,
    })
}

fn payloads(projects: &Projects) -> Vec<(&'static str, String)> {
    let small = projects.small.iter();
    small.map(|small| (small.hook, sample(&small.project))).collect()
}

fn call(transport: &str, cases: &[Value]) -> Result<(), Failed> {
    let cases = Value::from(cases).to_string();
    CURRENT
        .run("drive_templates.py", |command| {
            command
                .env("PROBE_TRANSPORT", transport)
                .env("TEMPLATE_CASES", cases);
        })
        .map(drop)
}

#[test]
fn plugins_with_each_hook() -> Result<(), Failed> {
    let projects = built();
    let payloads = payloads(projects);
    for transport in ["unix", "grpc", "http"] {
        let small = projects.small.iter().filter(|small| small.transport == transport);
        let cases: Vec<_> = small
            .map(|small| {
                let gateway = small.project.join("gateway.yaml");
                case(
                    &small.project,
                    &[small.hook],
                    &payloads,
                    "resources/plugins/config.yaml",
                    &gateway,
                )
            })
            .collect();
        assert!(cases.len() > 3, "{transport}");
        call(transport, &cases)?;
    }
    Ok(())
}

/// Over a Unix socket with its own stanza, and over MCP with the one that the program prints: there, hosts let secrets out.
#[test]
fn the_plugin_with_all_hooks() -> Result<(), Failed> {
    let projects = built();
    let full = &projects.full;
    let payloads = payloads(projects);
    let but_secrets: Vec<_> = hooks::NAMES
        .iter()
        .copied()
        .filter(|hook| *hook != "identity_resolve")
        .collect();
    let config = "resources/plugins/config.yaml";
    call(
        "unix",
        &[case(
            full,
            &but_secrets,
            &payloads,
            config,
            &full.join("gateway.yaml"),
        )],
    )?;
    let printed = printed(full, "http", config);
    call("http", &[case(full, hooks::NAMES, &payloads, config, &printed)])
}

/// The sample of TLS with its own certificates, where the gateway has those of the client.
#[test]
fn the_sample_of_tls() -> Result<(), Failed> {
    let projects = built();
    let full = &projects.full;
    let mut certificates = std::process::Command::new("sh");
    certificates.arg("tls/certificates.sh").current_dir(full);
    output(&mut certificates, std::time::Duration::from_secs(60)).unwrap();
    let gateway = printed(full, "grpc", "tls/config.yaml");
    let mut text = fs::read_to_string(&gateway).unwrap();
    for (placeholder, file) in [
        ("authority-of-the-server.pem", "authority.pem"),
        ("client.pem", "client.pem"),
        ("client.key", "client.key"),
    ] {
        let placeholder = format!("/path/on/the/gateway/{placeholder}");
        assert!(text.contains(&placeholder), "{text}");
        text = text.replace(&placeholder, full.join("tls").join(file).to_str().unwrap());
    }
    fs::write(&gateway, text).unwrap();
    let payloads = payloads(projects);
    call(
        "grpc-sample",
        &[case(
            full,
            &["tool_pre_invoke"],
            &payloads,
            "tls/config.yaml",
            &gateway,
        )],
    )
}

/// What `gateway-config` prints, in a file.
fn printed(project: &Path, transport: &str, config: &str) -> std::path::PathBuf {
    let mut command = super::projects::started_in(project);
    command.args(["gateway-config", "--transport", transport, "--config", config]);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let file = project.join(format!("printed-{transport}.yaml"));
    fs::write(&file, output.stdout).unwrap();
    file
}
