//! Errors of the SDK as `main` shows them when it returns them: their messages, and no dump of their fields.

use std::{fs, process::Command};

use plugin_sdk::{PluginError, codec, host::CallError};
use plugin_sdk_tests::process::without_settings;

use crate::frames::server;

/// What `small-host` writes to standard error when it calls the plugins of a gateway's file.
fn returned(gateway: &str, tool: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("gateway.yaml"), gateway).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_small-host"));
    let output = without_settings(&mut command)
        .arg(tool)
        .env("PLUGINS_CONFIG_FILE", "gateway.yaml")
        .env("PLUGINS_FAIL_ON_PLUGIN_ERROR", "true")
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

fn entry(section: &str) -> String {
    format!("plugins: [{{name: Faults, kind: external, hooks: [tool_pre_invoke], {section}}}]")
}

#[test]
fn errors_of_a_host_are_readable() {
    let server = server();
    let socket = format!("unix_socket: {{path: {}}}", server.socket().display());
    for (gateway, tool, expected) in [
        (
            "plugins: [{name: A, kind: external, unix_socket: {}},\n {name: B}]".to_owned(),
            "",
            "Error: gateway.yaml:1: plugins[0].unix_socket: path is missing\ngateway.yaml:2: plugins[1]: kind is missing\n",
        ),
        (
            entry("unix_socket: {path: /nowhere/a.sock, reconnect_attempts: 1}"),
            "",
            "Error: Faults: the plugin's server can't be reached: /nowhere/a.sock: No such file or directory (os error 2)\n",
        ),
        (
            entry("grpc: {uds: /tmp/no-such.sock}"),
            "",
            "Error: Faults: the plugin's server can't be reached: /tmp/no-such.sock: No such file or directory (os error 2)\n",
        ),
        (entry(&socket), "error", "Error: failed as asked (E42)\n"),
    ] {
        assert_eq!(returned(&gateway, tool), expected, "{gateway}");
    }
}

#[test]
fn other_errors_are_their_messages_too() {
    #[derive(serde::Deserialize)]
    struct Settings {
        #[expect(dead_code, reason = "it is missing")]
        limit: u32,
    }
    let codec = codec::from_struct::<Settings>(b"").err().unwrap();
    assert_eq!(format!("{codec:?}"), codec.to_string());
    assert!(codec.to_string().contains("limit"), "{codec}");

    let error = PluginError::from(codec).with_code("E1");
    assert_eq!(format!("{error:?}"), format!("{error} (E1)"));
    assert_eq!(format!("{:?}", CallError::Closed), "the plugin was closed");
}
