//! The program as its user runs it, against servers of plugins on sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that its tests share"
)]

use std::{path::Path, process::Command};

use plugin_sdk::prelude::*;

#[plugin(hooks = [tool_pre_invoke], name = "Shouts", priority = 20)]
#[derive(Default)]
struct Shouts;

impl Shouts {
    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        payload.name = payload.name.to_uppercase();
        Ok(PluginResult::modify_payload(payload))
    }
}

#[plugin(hooks = [tool_pre_invoke], name = "NoRm", priority = 10)]
#[derive(Default)]
struct NoRm;

impl NoRm {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if payload.name == "rm" {
            return Ok(PluginResult::deny(PluginViolation::new(
                "forbidden tool",
                "FORBIDDEN_TOOL",
            )));
        }
        Ok(PluginResult::allow())
    }
}

fn host(file: &Path, payload: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_host"))
        .arg(file)
        .args(["tool_pre_invoke", payload])
        .env_remove("PLUGINS_FAIL_ON_PLUGIN_ERROR")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_run_in_the_order_of_their_priority_and_a_denial_ends_it() {
    let directory = tempfile::Builder::new()
        .prefix("plugin-")
        .tempdir_in("/tmp")
        .unwrap();
    let path = |name: &str| directory.path().join(name);
    let shouts = Shouts.into_unix_server().bind(path("shouts.sock")).unwrap();
    let no_rm = NoRm.into_unix_server().bind(path("no_rm.sock")).unwrap();
    tokio::spawn(shouts.serve(std::future::pending()));
    tokio::spawn(no_rm.serve(std::future::pending()));
    let entry = |name: &str, socket: &str| {
        let unix_socket = serde_json::json!({"path": path(socket), "reconnect_attempts": 0});
        serde_json::json!({"name": name, "kind": "external", "unix_socket": unix_socket})
    };
    let plugins = [
        entry("Shouts", "shouts.sock"),
        entry("NoRm", "no_rm.sock"),
        entry("Absent", "absent.sock"),
    ];
    let file = path("gateway.yaml");
    std::fs::write(&file, serde_json::json!({ "plugins": plugins }).to_string()).unwrap();

    let report = host(&file, r#"{"name": "search"}"#);
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines.len(), 5, "{report}");
    assert!(
        lines[1].starts_with("NoRm ") && lines[1].ends_with("let it pass"),
        "{report}"
    );
    assert!(
        lines[2].starts_with("Shouts ") && lines[2].ends_with("changed the payload"),
        "{report}"
    );
    assert!(
        lines[3].starts_with("Absent ") && lines[3].contains("can't be reached"),
        "{report}"
    );
    assert!(lines[4].starts_with(r#"passed: {"name":"SEARCH""#), "{report}");

    let report = host(&file, r#"{"name": "rm"}"#);
    assert!(!report.contains("Shouts"), "{report}");
    assert!(
        report.contains("denied by NoRm: forbidden tool (FORBIDDEN_TOOL)"),
        "{report}"
    );
}
