//! `check` and `invoke` for a server over gRPC.

use std::{
    fs,
    process::{Command, Output},
};

use plugin_sdk_tests::process::without_settings;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::{certificates::Certificates, frames::CONFIGURATION};

/// Runs a program of the tests in a directory of its own, without the settings of whoever runs the tests.
fn run(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> (Output, String) {
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

/// What `check` prints about a section `grpc_server_settings`, and its exit status.
fn check(section: &str) -> (Option<i32>, String) {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("plugins.yaml");
    fs::write(
        &file,
        format!("{CONFIGURATION}\ngrpc_server_settings: {section}\n"),
    )
    .unwrap();
    let program = env!("CARGO_BIN_EXE_fault-plugin");
    let (output, text) = run(program, &["check", "--config", file.to_str().unwrap()], &[]);
    (output.status.code(), text)
}

#[test]
fn check_finds_what_is_wrong_with_files_of_tls() {
    let certificates = Certificates::make();
    let directory = certificates.directory();
    let path = |name: &str| directory.join(name).display().to_string();
    let mut past = CertificateParams::new(["localhost".to_owned()]).unwrap();
    past.not_after = date_time_ymd(2020, 1, 1);
    let key = KeyPair::generate().unwrap();
    fs::write(path("past.pem"), past.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(path("past.key"), key.serialize_pem()).unwrap();
    fs::write(path("broken.pem"), "-----BEGIN CERTIFICATE-----\nhalf").unwrap();
    fs::create_dir(path("directory.pem")).unwrap();

    let tls = |certfile: &str, keyfile: &str, ca_bundle: &str| {
        let [certfile, keyfile, ca_bundle] = [certfile, keyfile, ca_bundle].map(&path);
        check(&format!(
            "{{tls: {{certfile: {certfile}, keyfile: {keyfile}, ca_bundle: {ca_bundle}}}}}"
        ))
    };
    let (status, text) = tls("server.pem", "server.key", "authority.pem");
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("ok: plugin Faults"), "{text}");

    for (files, key, file) in [
        (
            ["nowhere.pem", "server.key", "authority.pem"],
            "certfile",
            "nowhere.pem",
        ),
        (
            ["server.pem", "nowhere.key", "authority.pem"],
            "keyfile",
            "nowhere.key",
        ),
        (
            ["server.pem", "server.key", "nowhere.pem"],
            "ca_bundle",
            "nowhere.pem",
        ),
        (
            ["directory.pem", "server.key", "authority.pem"],
            "certfile",
            "directory.pem",
        ),
        (
            ["server.pem", "directory.pem", "authority.pem"],
            "keyfile",
            "directory.pem",
        ),
        (
            ["server.pem", "server.key", "directory.pem"],
            "ca_bundle",
            "directory.pem",
        ),
        (
            ["broken.pem", "server.key", "authority.pem"],
            "certfile",
            "broken.pem",
        ),
        (
            ["server.pem", "broken.pem", "authority.pem"],
            "keyfile",
            "broken.pem",
        ),
        (["past.pem", "past.key", "authority.pem"], "certfile", "past.pem"),
        (
            ["server.pem", "client.key", "authority.pem"],
            "keyfile",
            "client.key",
        ),
        (["server.pem", "server.key", "past.pem"], "ca_bundle", "past.pem"),
    ] {
        let [certfile, keyfile, ca_bundle] = files;
        let (status, text) = tls(certfile, keyfile, ca_bundle);
        assert_eq!(status, Some(1), "{files:?}: {text}");
        let errors: Vec<_> = text.lines().filter(|line| line.starts_with("error: ")).collect();
        let [error] = errors.as_slice() else {
            panic!("{files:?}: {text}")
        };
        assert!(
            error.contains(key) && error.contains(&path(file)),
            "{files:?}: {error}"
        );
    }
}

#[test]
fn check_finds_settings_that_exclude_each_other_or_are_not_complete() {
    let certificates = Certificates::make();
    let path = |name: &str| certificates.directory().join(name).display().to_string();
    let (certificate, key) = (path("server.pem"), path("server.key"));
    for (section, said) in [
        (
            format!(
                "{{uds: /tmp/g.sock, tls: {{certfile: {certificate}, keyfile: {key}, client_auth: none}}}}"
            ),
            &["/tmp/g.sock", "exclude each other", "uds", "tls"][..],
        ),
        (format!("{{tls: {{certfile: {certificate}}}}}"), &["keyfile"]),
        (format!("{{tls: {{keyfile: {key}}}}}"), &["certfile"]),
        (
            format!("{{tls: {{certfile: {certificate}, keyfile: {key}}}}}"),
            &["ca_bundle"],
        ),
        (
            format!("{{tls: {{certfile: {certificate}, keyfile: {key}, client_auth: sometimes}}}}"),
            &[
                "plugins.yaml:2",
                "client_auth",
                "sometimes",
                "none, optional or require",
            ],
        ),
        (
            "{uds: /nowhere/g.sock}".to_owned(),
            &["/nowhere", "PLUGINS_GRPC_SERVER_UDS"],
        ),
        (
            "{uds_mode: \"0400\"}".to_owned(),
            &["plugins.yaml:2", "uds_mode", "0400"],
        ),
        (
            "{port: 70000}".to_owned(),
            &["plugins.yaml:2", "grpc_server_settings.port", "70000"],
        ),
        (
            "{prot: 1}".to_owned(),
            &["plugins.yaml:2", "prot", "did you mean \"port\"?"],
        ),
        (
            "{tls: {certificate: a}}".to_owned(),
            &["plugins.yaml:2", "certificate"],
        ),
    ] {
        let (status, text) = check(&section);
        assert_eq!(status, Some(1), "{section}: {text}");
        let found = text
            .lines()
            .any(|line| line.starts_with("error: ") && said.iter().all(|word| line.contains(word)));
        assert!(found, "{section}: no error says {said:?}:\n{text}");
    }
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
        for transport in ["unix", "grpc"] {
            assert_eq!(
                call(&["--transport", transport]),
                in_process,
                "{hook} {payload} over {transport}"
            );
        }
    }
}
