//! Servers of the Python framework, which know no envelope: a connection carries one call at a time.

use std::{process::Command, sync::Arc, time::Instant};

use plugin_sdk::{
    PluginContext,
    hooks::ToolPreInvoke,
    host::{CallError, CallOptions, ExternalPlugin, HostSettings, HostedPlugin, Invoke, Mode},
    prelude::ToolPreInvokePayload,
};
use plugin_sdk_tests::process::ServerProcess;
use serde_json::{Value as Json, json};

use super::{call, call_with, entry, milliseconds};
use crate::{
    installation::Failed,
    real_host::{CURRENT, host_directory},
};

const FILE: &str =
    "plugins:\n- name: Obliging\n  kind: python_plugin.Obliging\n  hooks: [tool_pre_invoke]\n  priority: 7\n";

/// The server of the framework; `None` when the suite runs without it.
fn server(what: &str) -> Result<Option<ServerProcess>, Failed> {
    let Some(python) = CURRENT.python(what)? else {
        return Ok(None);
    };
    let python = python.to_str().unwrap().to_owned();
    let server = ServerProcess::start_with(&python, FILE, |command: &mut Command| {
        command
            .args(["-m", "cpex.framework.external.unix.server.runtime"])
            .env("PYTHONPATH", host_directory())
            .env("PYTHONDONTWRITEBYTECODE", "1");
    });
    Ok(Some(server.unwrap()))
}

async fn plugin(server: &ServerProcess, max_connections: usize) -> Arc<ExternalPlugin> {
    let mut settings = HostSettings::default();
    settings.max_connections = max_connections;
    let entry = entry("Obliging", server.socket(), &json!({}));
    Arc::new(ExternalPlugin::connect(entry, &settings).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn results_contexts_denials_and_errors_are_read() -> Result<(), Failed> {
    let Some(server) = server("results_contexts_denials_and_errors_are_read")? else {
        return Ok(());
    };
    let plugin = plugin(&server, 4).await;
    assert_eq!(
        (plugin.config().mode(), plugin.config().priority()),
        (Mode::Sequential, 7)
    );
    assert_eq!(plugin.config().hooks().collect::<Vec<_>>(), ["tool_pre_invoke"]);
    assert!(plugin.check_health().await.unwrap());

    let mut context =
        PluginContext::new("request-1").with_global_context(|global| global.with_user("ada@example.com"));
    context.metadata_mut().insert("note".into(), "kept".into());
    let mut payload = ToolPreInvokePayload::new("search");
    payload.args.insert("number".into(), 3.into());
    for calls in 1..=3 {
        let result = plugin
            .invoke::<ToolPreInvoke>(&payload, &mut context)
            .await
            .unwrap();
        let modified = result.modified_payload.unwrap();
        assert_eq!(Json::from(modified.args["number"].clone()), json!(3));
        assert_eq!(modified.args["seen"], true);
        assert_eq!(result.metadata["number"], 3);
        assert_eq!(context.state()["calls"], calls);
        assert_eq!(context.metadata()["note"], "kept");
        assert_eq!(context.global_context().state()["seen"], "search");
        assert_eq!(context.user_email(), Some("ada@example.com"));
    }

    let denial = call(&*plugin, "deny", json!({})).await.unwrap();
    assert!(!denial.continue_processing);
    assert_eq!(denial.violation.unwrap().http_status_code, Some(403));
    let Err(CallError::Plugin(error)) = call(&*plugin, "error", json!({})).await else {
        panic!("no error")
    };
    assert_eq!(
        (error.message.as_str(), error.code.as_str()),
        ("failed as asked", "E42")
    );
    assert_eq!(
        (error.plugin_name.as_str(), error.mcp_error_code),
        ("Obliging", -32001)
    );
    let mut context = PluginContext::new("request-1");
    let payload = super::map(json!({"uri": "file:///x"}));
    let missing = plugin
        .invoke_by_name("resource_pre_fetch", &payload, &mut context)
        .await;
    assert!(matches!(missing, Err(CallError::NotFound(_))), "{missing:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_share_as_many_connections_as_there_may_be() -> Result<(), Failed> {
    let Some(server) = server("calls_share_as_many_connections_as_there_may_be")? else {
        return Ok(());
    };
    let plugin = plugin(&server, 3).await;
    let started = Instant::now();
    let calls: Vec<_> = (0..12)
        .map(|number| {
            let plugin = Arc::clone(&plugin);
            tokio::spawn(
                async move { call(&*plugin, "wait", json!({"milliseconds": 200, "n": number})).await },
            )
        })
        .collect();
    while connections(server.id()) < 3 {
        assert!(
            started.elapsed() < milliseconds(10_000),
            "{} connections",
            connections(server.id())
        );
        tokio::time::sleep(milliseconds(10)).await;
    }
    assert_eq!(connections(server.id()), 3);
    for (number, call) in calls.into_iter().enumerate() {
        let result = call.await.unwrap().unwrap();
        assert_eq!(result.modified_payload.unwrap()["args"]["n"], number);
    }
    // Twelve calls on three connections.
    assert!(started.elapsed() >= milliseconds(800), "{:?}", started.elapsed());
    Ok(())
}

/// How many connections of Unix sockets a process has. What it listens on is not one.
fn connections(process: u32) -> usize {
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let table = std::fs::read_to_string("/proc/net/unix").unwrap();
    let inodes: Vec<String> = descriptors
        .filter_map(|descriptor| std::fs::read_link(descriptor.ok()?.path()).ok())
        .filter_map(|target| {
            Some(
                target
                    .to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect();
    // Connections that were accepted have the path of the socket; the state is 03 for connected.
    let accepted = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, _, _, _, _, "03", inode, path] = fields[..] else {
            return false;
        };
        path.ends_with("plugin.sock") && inodes.iter().any(|known| known == inode)
    };
    table.lines().filter(accepted).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_given_up_takes_its_connection_with_it() -> Result<(), Failed> {
    let Some(server) = server("a_call_that_was_given_up_takes_its_connection_with_it")? else {
        return Ok(());
    };
    let plugin = plugin(&server, 1).await;
    for number in 0..5 {
        let options = CallOptions::new().with_timeout(milliseconds(100));
        let late = call_with(
            &*plugin,
            "wait",
            json!({"milliseconds": 300, "late": number}),
            options,
        )
        .await;
        assert!(
            matches!(
                late,
                Err(CallError::Timeout {
                    may_be_seen: true,
                    ..
                })
            ),
            "{late:?}"
        );
        let next = call(&*plugin, "wait", json!({"n": number})).await.unwrap();
        assert_eq!(next.modified_payload.unwrap()["args"]["n"], number);
    }
    // One that was dropped is the same.
    let dropped = tokio::time::timeout(
        milliseconds(50),
        call(&*plugin, "wait", json!({"milliseconds": 200})),
    )
    .await;
    assert!(dropped.is_err());
    let next = call(&*plugin, "wait", json!({"n": "next"})).await.unwrap();
    assert_eq!(next.modified_payload.unwrap()["args"]["n"], "next");
    Ok(())
}
