//! Values of payloads, contexts and settings are in no error and in no log, on every transport; nor is what a panic says.

use std::process::{Command, Stdio};

use plugin_sdk::host::CallError;
use plugin_sdk_tests::{http::exchange, messages::Answer, process::without_settings};
use serde_json::{Value as Json, json};

use crate::everywhere::{Server, TRANSPORTS, Transport, call, connect};

const SECRET: &str = "Bearer X";

/// Payloads that are not those of their hook, and what is said about them.
fn wrong() -> [(Json, &'static str); 4] {
    [
        (
            json!({"name": "t", "args": SECRET}),
            "args: invalid type: string, expected",
        ),
        (
            json!({"name": {"Bearer": SECRET}, "args": {}}),
            "name: invalid type: map, expected a string",
        ),
        (
            json!({"name": "t", "args": {}, "headers": SECRET}),
            "headers: invalid type: string, expected",
        ),
        (
            json!({"name": "t", "args": {}, "headers": {"Authorization": [SECRET]}}),
            "headers.Authorization: invalid type: ",
        ),
    ]
}

async fn told(server: &Server, transport: Transport, payload: Json) -> String {
    let plugin = connect("Faults", &server.section(transport, &[])).await;
    match call(&plugin, "tool_pre_invoke", payload).await {
        Err(CallError::Plugin(error)) => format!("{error:?}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_path_and_types_and_no_value() {
    let server = Server::start(&[("PLUGINS_LOG_LEVEL", "DEBUG")]);
    for transport in TRANSPORTS {
        for (payload, expected) in wrong() {
            let told = told(&server, transport, payload).await;
            assert!(told.contains(expected), "{transport:?}: {told}");
            assert!(!told.contains(SECRET), "{transport:?}: {told}");
        }
    }
    let log = server.process.log();
    assert!(!log.contains(SECRET), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_about_the_context() {
    use plugin_sdk_proto::wire::InvokeHookRequest;
    use prost::Message;

    let server = Server::start(&[("PLUGINS_LOG_LEVEL", "DEBUG")]);
    let payload = json!({"name": "t", "args": {}});
    for (context, path) in [
        (json!({"global_context": SECRET}), "global_context"),
        (
            json!({"global_context": {"request_id": {"Bearer": SECRET}}}),
            "request_id",
        ),
        (
            json!({"global_context": {"request_id": "r"}, "state": SECRET}),
            "state",
        ),
    ] {
        let request = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "invoke_hook", "arguments": {
                "hook_type": "tool_pre_invoke", "plugin_name": "Faults", "payload": payload, "context": context,
            }},
        });
        let host = format!("localhost:{}", server.http);
        let headers = [
            ("Host", host.as_str()),
            ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = exchange(
            ("127.0.0.1", server.http),
            "POST /mcp",
            &headers,
            &request.to_string(),
        )
        .unwrap();
        assert!(answer.body.contains(path), "{answer:?}");
        assert!(!answer.body.contains(SECRET), "{answer:?}");
    }
    let mut client = server.process.connect().unwrap();
    let request = InvokeHookRequest {
        hook_type: "tool_pre_invoke".into(),
        plugin_name: "Faults".into(),
        payload: plugin_sdk::codec::to_struct(&payload).unwrap().into(),
        context: Some(plugin_sdk_proto::wire::PluginContext {
            global_context: Some(plugin_sdk_proto::wire::GlobalContext {
                metadata: plugin_sdk::codec::to_struct(&json!({"k": SECRET})).unwrap()[..4]
                    .to_vec()
                    .into(),
                ..Default::default()
            }),
            ..Default::default()
        }),
    };
    let Answer::Error { message, .. } = Answer::read(&client.call(&request.encode_to_vec()).unwrap()) else {
        panic!("a result")
    };
    assert!(
        message.starts_with("the context is not valid") && !message.contains(SECRET),
        "{message}"
    );
    let log = server.process.log();
    assert!(!log.contains(SECRET), "{log}");
}

/// The plugin panics with `as asked`.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_panic_says_is_told_to_no_caller_and_logged_at_debug_only() {
    for (level, is_logged) in [("INFO", false), ("DEBUG", true)] {
        let server = Server::start(&[("PLUGINS_LOG_LEVEL", level)]);
        for transport in TRANSPORTS {
            let told = told(&server, transport, json!({"name": "panic", "args": {}})).await;
            assert!(
                told.contains("Plugin Faults panicked in tool_pre_invoke") && told.contains("PLUGIN_PANIC"),
                "{transport:?}: {told}"
            );
            assert!(!told.contains("as asked"), "{transport:?}: {told}");
        }
        let log = server.process.log();
        let line = log.lines().find(|line| line.contains("ERROR"));
        let line = line.unwrap_or_else(|| panic!("no error in:\n{log}"));
        assert!(
            line.contains("the hook tool_pre_invoke of Faults panicked at ")
                && line.contains("faults/mod.rs:"),
            "{line}"
        );
        assert_eq!(log.contains("as asked"), is_logged, "{log}");
        let texts: Vec<&str> = log.lines().filter(|line| line.contains("as asked")).collect();
        assert!(texts.iter().all(|line| line.contains("DEBUG")), "{texts:?}");
    }
}

/// Settings hold secrets too.
#[test]
fn settings_that_are_wrong_are_named_without_their_values() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("plugins.yaml");
    let configuration = "plugins: [{name: P, kind: probe, config: {words: Bearer X}}]";
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_probe-plugin"));
    let output = without_settings(&mut command)
        .args(["check", "--config"])
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("plugins[0].config.words: invalid type: string, expected a sequence"),
        "{said}"
    );
    assert!(!said.contains(SECRET), "{said}");
}
