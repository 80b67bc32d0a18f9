//! A plugin in Python, and the same in Rust: both are served, and answer the same.

use std::{fs, process::Command};

use plugin_sdk::{
    Map, PluginContext,
    host::{GatewayConfig, HostSettings, Invoke},
};
use plugin_sdk_tests::process::ServerProcess;
use serde_json::{Value as Json, json};

use super::{
    place::Place,
    rules::{Rule, ruled},
};
use crate::{installation::Failed, real_host::CURRENT};

const PAGE: &str = "docs/python.md";

/// The payload as hosts take it: to them a field that is null and one that is absent are the same, and the Python server writes null.
fn without_nulls(payload: Map) -> serde_json::Map<String, Json> {
    let mut payload = serde_json::Map::from(payload);
    payload.retain(|_, value| !value.is_null());
    payload
}

/// What a server makes of the calls: results, errors, and the state afterwards.
async fn answers(server: &ServerProcess) -> Vec<Json> {
    let stanza = json!({"plugins": [{
        "name": "WordGuard", "kind": "external", "hooks": ["tool_pre_invoke", "tool_post_invoke"],
        "unix_socket": {"path": server.socket()},
    }]});
    let config = GatewayConfig::parse("gateway.yaml", &stanza.to_string()).unwrap();
    let plugins = config.connect(&HostSettings::default()).await.unwrap();
    let plugin = plugins.get("WordGuard").expect("the plugin");
    let mut context = PluginContext::new("request-1");
    let mut answers = Vec::new();
    for (hook, payload) in [
        (
            "tool_pre_invoke",
            json!({"name": "search", "args": {"query": "a crap day", "limit": 3}}),
        ),
        (
            "tool_pre_invoke",
            json!({"name": "search", "args": {"query": "nothing of the kind"}}),
        ),
        (
            "tool_pre_invoke",
            json!({"name": "search", "args": {"query": "the SECRET plan"}}),
        ),
        (
            "tool_post_invoke",
            json!({"name": "search", "result": {"text": "found"}}),
        ),
        ("tool_post_invoke", json!({"name": "search", "result": null})),
    ] {
        let Json::Object(payload) = payload else {
            panic!("{payload}")
        };
        let answer = plugin
            .invoke_by_name(hook, &Map::from(payload), &mut context)
            .await;
        let answer = answer.unwrap_or_else(|error| panic!("{hook}: {error}"));
        answers.push(json!({
            "continue": answer.continue_processing,
            "payload": answer.modified_payload.map(without_nulls),
            "violation": answer.violation,
            "metadata": answer.metadata,
            "state": context.state(),
        }));
    }
    plugins.close().await;
    answers
}

#[tokio::test]
async fn the_two_plugins_answer_the_same() -> Result<(), Failed> {
    let blocks = ruled(PAGE);
    let text = |wanted: Rule| {
        let found: Vec<&str> = blocks
            .iter()
            .filter(|(rule, _)| *rule == wanted)
            .map(|(_, block)| block.text.as_str())
            .collect();
        assert_eq!(found.len(), 1, "{wanted:?}");
        found[0].to_owned()
    };
    let (module, file) = (text(Rule::Migration), text(Rule::File));
    let Some(python) = CURRENT.python(PAGE)? else {
        return Ok(());
    };
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("word_guard.py"), module).unwrap();
    let python = python.to_str().unwrap().to_owned();
    let theirs = ServerProcess::start_with(&python, &file, |command: &mut Command| {
        command
            .args(["-m", "cpex.framework.external.unix.server.runtime"])
            .env("PYTHONPATH", directory.path())
            .env("PYTHONDONTWRITEBYTECODE", "1");
    })
    .unwrap();
    let place = Place::make();
    let program = place.programs().join("word-guard");
    let ours = ServerProcess::start(program.to_str().unwrap(), &file).unwrap();
    let (theirs, ours) = (answers(&theirs).await, answers(&ours).await);
    assert_eq!(ours, theirs);
    // Not the same because neither does anything.
    assert_eq!(ours[0]["payload"]["args"]["query"], "a nice day");
    assert_eq!(ours[1]["payload"], Json::Null);
    assert_eq!(ours[2]["violation"]["code"], "FORBIDDEN_WORD");
    Ok(())
}
