//! Values that nest too deep, on their way in, out and in a context: one answer on every transport, and nobody's end.

use plugin_sdk::{
    Map, PluginContext, PluginResult,
    host::{CallError, ExternalPlugin, HostSettings, HostedPlugin, InProcessPlugin, Invoke},
};
use plugin_sdk_proto::wire::InvokeHookRequest;
use plugin_sdk_tests::{
    faults::Faults, frames::FrameClient, http::exchange, messages::Answer, process::ServerProcess,
};
use prost::Message;
use serde_json::{Value as Json, json};

use super::{call, entry_with, everywhere, map};
use crate::codec::depth::levels;

type Way = (&'static str, Box<dyn HostedPlugin>);

const FILE: &str = "plugins: [{name: Faults, kind: faults}]";

/// A host that sends what our servers refuse.
fn settings() -> HostSettings {
    let mut settings = HostSettings::default();
    settings.max_nesting = 100;
    settings.max_json_nesting = 200;
    settings
}

async fn ways(sections: &[(&'static str, Json)]) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for (transport, section) in sections {
        let entry = entry_with("Faults", section);
        let external = ExternalPlugin::connect(entry, &settings()).await.unwrap();
        ways.push((transport, Box::new(external)));
    }
    ways
}

fn server() -> (ServerProcess, Vec<(&'static str, Json)>) {
    everywhere(env!("CARGO_BIN_EXE_fault-plugin"), FILE)
}

/// What came of a call in a word: a code, or whether it was let pass.
fn outcome(result: &Result<PluginResult<Map>, CallError>) -> String {
    match result {
        Ok(result) if result.continue_processing => "allowed".to_owned(),
        Ok(result) => {
            let violation = result.violation.as_ref().unwrap();
            assert!(violation.details.is_empty());
            violation.code.clone()
        }
        Err(CallError::Plugin(error)) => error.code.clone(),
        Err(error) => format!("{error:?}"),
    }
}

const SHAPES: [(&str, u64); 2] = [("list", 1_000_000), ("object", 100_000)];

const PLACES: [(&str, &str); 11] = [
    ("payload", "NESTING_TOO_DEEP"),
    ("unknown field", "NESTING_TOO_DEEP"),
    ("metadata", "NESTING_TOO_DEEP"),
    ("state", "NESTING_TOO_DEEP"),
    ("shared state", "NESTING_TOO_DEEP"),
    ("notes", "NESTING_TOO_DEEP"),
    // A denial and an error are sent without what can't be sent.
    ("violation", "DENIED"),
    ("violation as error", "DENIED"),
    ("error", "E42"),
    ("taken back", "allowed"),
    ("nowhere", "allowed"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_may_leave_a_value_of_any_depth_anywhere() {
    let (_server, sections) = server();
    let mut ways = ways(&sections).await;
    ways.push(("in the same process", Box::new(InProcessPlugin::new(Faults))));
    for (way, plugin) in &ways {
        for (shape, depth) in SHAPES {
            let is_slow = depth == 1_000_000 && !matches!(*way, "unix" | "http");
            for (place, expected) in PLACES.into_iter().filter(|_| !is_slow) {
                let expected = match place {
                    // Nothing is encoded, and nothing is lost.
                    "state" | "shared state" | "notes" if *way == "in the same process" => "allowed",
                    _ => expected,
                };
                let args = json!({"shape": shape, "depth": depth, "place": place});
                let result = call(&**plugin, "deep", args).await;
                assert_eq!(outcome(&result), expected, "{way}: {depth} of {shape} in {place}");
                if expected == "NESTING_TOO_DEEP" {
                    let message = result.unwrap_err().to_string();
                    assert!(
                        message.contains("nest deeper") && message.contains("_NESTING"),
                        "{way}: {message}"
                    );
                }
            }
        }
        let used = json!({"shape": "mixed", "depth": 100_000, "place": "used"});
        let result = call(&**plugin, "deep", used).await.unwrap();
        assert_eq!(result.metadata["known"], true, "{way}");
        assert_eq!(result.metadata["length"], 50_000 * 9 + 1, "{way}");
    }
}

/// A value of so many objects, one in the other.
fn nested(depth: usize) -> Json {
    (0..depth).fold(json!(1), |inside, _| json!({ "in": inside }))
}

#[tokio::test(flavor = "multi_thread")]
async fn nesting_has_one_code_whichever_way_it_goes() {
    let (_server, sections) = server();
    for (way, plugin) in &ways(&sections).await {
        // The payload and its arguments are two of the objects.
        let (fits, setting) = match *way {
            "unix" | "grpc" => (30, "PLUGINS_MAX_NESTING"),
            _ => (126, "PLUGINS_MAX_JSON_NESTING"),
        };
        let check = |result: Result<_, CallError>, fits: bool, what: &str| {
            let found = outcome(&result);
            assert_eq!(
                found,
                if fits { "allowed" } else { "NESTING_TOO_DEEP" },
                "{way}: {what}"
            );
            if let Err(error) = result {
                assert!(error.to_string().contains(setting), "{way}: {error}");
            }
        };
        for (depth, fits) in [(fits, true), (fits + 6, false)] {
            let input = call(&**plugin, "wait", json!({"in": nested(depth)})).await;
            check(input, fits, "input");
            // In the result lie around it the result itself and `metadata`.
            let output = json!({"shape": "object", "depth": depth, "place": "metadata"});
            check(call(&**plugin, "deep", output).await, fits, "output");
            let returned = json!({"shape": "object", "depth": depth, "place": "state"});
            check(call(&**plugin, "deep", returned).await, fits, "returned context");

            let mut context = PluginContext::new("r");
            context.state_mut().insert("in".into(), nested(depth).into());
            let result = (**plugin)
                .invoke_by_name("tool_pre_invoke", &map(json!({"name": "wait"})), &mut context)
                .await;
            check(result, fits, "context");
        }
        // Whatever arrives can go back.
        let name = "deep";
        let payload = json!({"shape": "object", "depth": 1, "place": "payload", "in": nested(fits - 2)});
        check(call(&**plugin, name, payload).await, true, "echo");
    }
}

#[test]
fn a_million_levels_may_arrive() {
    let (server, sections) = server();
    let mut client: FrameClient = server.connect().unwrap();
    for payload in levels(500_000) {
        let request = InvokeHookRequest {
            hook_type: "tool_pre_invoke".into(),
            plugin_name: "Faults".into(),
            payload: payload.into(),
            context: None,
        };
        let answer = Answer::read(&client.call(&request.encode_to_vec()).unwrap());
        assert_eq!(answer.code(), "NESTING_TOO_DEEP");
    }
    let url = sections[2].1["mcp"]["url"].as_str().unwrap();
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let context = r#"{"global_context":{"request_id":"r"}}"#;
    let list = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let object = format!("{}1{}", r#"{"k":"#.repeat(1_000_000), "}".repeat(1_000_000));
    for deep in [&list, &object] {
        for (payload, context) in [
            (
                format!(r#"{{"name":"t","args":{{"k":{deep}}}}}"#),
                context.to_owned(),
            ),
            (
                r#"{"name":"t"}"#.to_owned(),
                format!(r#"{{"global_context":{{"request_id":"r"}},"state":{{"k":{deep}}}}}"#),
            ),
        ] {
            // With a member that is not plain, another reader has it first.
            for more in ["", r#","_meta":{}"#] {
                let body = format!(
                    r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"invoke_hook","arguments":{{"hook_type":"tool_pre_invoke","plugin_name":"Faults","payload":{payload},"context":{context}}}{more}}}}}"#
                );
                let headers = [
                    ("Host", address),
                    ("Content-Type", "application/json"),
                    ("Accept", "application/json, text/event-stream"),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
                let answer = exchange(address, "POST /mcp", &headers, &body).unwrap();
                assert_eq!(answer.status, 200, "{}", answer.body);
                assert!(answer.body.contains("NESTING_TOO_DEEP"), "{}", answer.body);
            }
        }
    }
}

#[test]
fn a_configuration_may_be_as_deep_as_it_likes() {
    for deep in [
        "[".repeat(100_000),
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("{}1{}", "{k: ".repeat(100_000), "}".repeat(100_000)),
        "- ".repeat(100_000),
    ] {
        let file = format!("plugins:\n- name: Faults\n  kind: faults\n  config:\n    k:\n      {deep}\n");
        let error = ServerProcess::start(env!("CARGO_BIN_EXE_fault-plugin"), &file).unwrap_err();
        let message = error.to_string();
        assert!(
            !message.contains("overflow") && message.contains("plugins.yaml"),
            "{message}"
        );
    }
}
