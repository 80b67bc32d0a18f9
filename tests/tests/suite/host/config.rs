//! The gateway's file and the configurations that servers report, by the rules of the hosts ([protocol, section
//! 9](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#9-configuration)).

use plugin_sdk::{
    Map, Value,
    host::{ExternalPluginConfig, GatewayConfig, HostError, HostSettings, Mode, PluginConfig},
};
use serde_json::{Value as Json, json};

use crate::vectors::{cases, normal, text};

fn document(json: &Json) -> Map {
    match Value::from(json.clone()) {
        Value::Object(document) => document,
        other => panic!("{other} is no object"),
    }
}

fn read(case: &Json) -> Result<Map, HostError> {
    let input = document(&case["input"]);
    match text(case, "group") {
        "remote" => PluginConfig::new(&input).map(|config| config.document().clone()),
        "gateway" => ExternalPluginConfig::new(&input).map(|config| config.local().document().clone()),
        other => panic!("a case of {other}"),
    }
}

/// The keys that a problem of a refused case names, where the recorded message does not begin with one.
fn names_a_key(problems: &[String]) -> bool {
    const KEYS: [&str; 26] = [
        "name",
        "kind",
        "hooks",
        "tags",
        "conditions",
        "mode",
        "on_error",
        "priority",
        "max_content_size",
        "capabilities",
        "version",
        "config",
        "grpc",
        "unix_socket",
        "mcp",
        "grpc.target",
        "grpc.uds",
        "grpc.tls",
        "unix_socket.path",
        "mcp.url",
        "mcp.proto",
        "mcp.cmd",
        "mcp.env",
        "mcp.cwd",
        "mcp.script",
        "mcp.uds",
    ];
    problems.iter().all(|problem| {
        let place = problem.split([':', ' ', '[']).next().unwrap_or_default();
        KEYS.contains(&place)
            || place.starts_with("grpc.tls.")
            || place == "mcp.tls"
            || place.starts_with("mcp.env.")
    })
}

#[test]
fn stanzas_and_reported_configurations_are_read_as_hosts_read_them() {
    for case in cases("config_validation.json", 123) {
        let id = text(&case, "id");
        match read(&case) {
            Ok(found) => {
                assert!(case["accepted"] == true, "{id} is accepted: {}", case["input"]);
                let mut found = Json::from(Value::Object(found));
                let mut expected = case["parsed_set_fields"].clone();
                normal::numbers(&mut found);
                normal::numbers(&mut expected);
                assert_eq!(found, expected, "{id}");
            }
            Err(HostError::Configuration { problems }) => {
                assert!(case["accepted"] == false, "{id} is refused: {problems:?}");
                assert!(
                    !problems.is_empty() && names_a_key(&problems),
                    "{id}: {problems:?}"
                );
            }
            Err(error) => panic!("{id}: {error}"),
        }
    }
}

#[test]
fn problems_of_a_file_name_line_key_and_remedy() {
    let file = "plugins:\n\
                - name: A\n  kind: external\n  grpc:\n    target: localhost\n\
                - name: B\n  kind: external\n  mcp: {proto: STREAMABLEHTTP, url: 'http://10.0.0.1/'}\n\
                - name: A\n  kind: external\n  unix_socket: {path: x, timeot: 3}\n\
                - name: C\n  kind: plugins.of.Python\n  mode: bogus\n";
    let Err(HostError::Configuration { problems }) = GatewayConfig::parse("gateway.yaml", file) else {
        panic!("accepted");
    };
    let expected = [
        "gateway.yaml:5: plugins[0].grpc.target: must be HOST:PORT",
        "gateway.yaml:8: plugins[1].mcp.url: 10.0.0.1 is an address of a private network",
        "gateway.yaml:11: plugins[2].unix_socket.path: must be an absolute path",
        "gateway.yaml:14: plugins[3].mode: unknown mode \"bogus\"",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
}

#[test]
fn the_second_of_two_entries_with_one_name_is_skipped() {
    let external = |name: &str, keys: &str, path: &str| {
        format!("- {{name: {name}, kind: external, {keys}unix_socket: {{path: {path}}}}}\n")
    };
    let file = format!(
        "plugins:\n{}{}- {{name: P, kind: plugins.of.Python}}\n{}{}{}",
        external("A", "", "/run/1.sock"),
        external("A", "", "/run/2.sock"),
        external("P", "", "/run/3.sock"),
        external("B", "mode: disabled, ", "/run/4.sock"),
        external("B", "", "/run/5.sock"),
    );
    let gateway = GatewayConfig::parse("gateway.yaml", &file).unwrap();
    let found: Vec<_> = gateway
        .external()
        .map(|entry| {
            let document = entry.local().document();
            (
                document["name"].as_str().unwrap(),
                document["unix_socket"]["path"].as_str().unwrap(),
            )
        })
        .collect();
    // What is disabled is not loaded, and leaves its name to another.
    assert_eq!(
        found,
        [("A", "/run/1.sock"), ("B", "/run/4.sock"), ("B", "/run/5.sock")]
    );
    assert_eq!(gateway.others().len(), 1);
}

#[test]
fn keys_for_servers_are_checked_too() {
    for (keys, expected) in [
        ("plugin_dirs:", "plugin_dirs: must not be null"),
        ("plugin_dirs: x", "plugin_dirs: must be a list of strings"),
        ("plugin_dirs: [1]", "plugin_dirs[0]: must be a string"),
        ("server_settings: x", "server_settings: must be a mapping"),
        (
            "server_settings: {port: http}",
            "server_settings.port: must be a whole number",
        ),
        (
            "server_settings: {host: }",
            "server_settings.host: must not be null",
        ),
        (
            "server_settings: {uds: ''}",
            "server_settings.uds: must not be blank",
        ),
        (
            "server_settings: {tls: {certfile: /no/file}}",
            "server_settings.tls.certfile: there is no file",
        ),
        (
            "server_settings: {tls: {ssl_cert_reqs: x}}",
            "server_settings.tls.ssl_cert_reqs: must be a whole number",
        ),
        (
            "server_settings: {uds: /tmp/a.sock, tls: {}}",
            "server_settings.tls: there is no TLS on a Unix socket",
        ),
        (
            "grpc_server_settings: [1]",
            "grpc_server_settings: must be a mapping",
        ),
        (
            "grpc_server_settings: {tls: {client_auth: maybe}}",
            "grpc_server_settings.tls.client_auth: unknown client_auth",
        ),
        (
            "unix_socket_server_settings: {path: 1}",
            "unix_socket_server_settings.path: must be a string",
        ),
        (
            "unix_socket_server_settings: x",
            "unix_socket_server_settings: must be a mapping",
        ),
    ] {
        let Err(HostError::Configuration { problems }) = GatewayConfig::parse("gateway.yaml", keys) else {
            panic!("{keys} is accepted");
        };
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with(&format!("gateway.yaml:1: {expected}")),
            "{}",
            problems[0]
        );
    }
    let file = "server_settings: {port: '8000', tls: {}}\ngrpc_server_settings:\nplugin_dirs: []\nplugin_settings: 5\n";
    assert!(GatewayConfig::parse("gateway.yaml", file).is_ok());
}

#[test]
fn a_file_has_external_plugins_and_others() {
    let file = "plugins:\n\
                - {name: A, kind: external, mode: permissive, unix_socket: {path: /run/a.sock}}\n\
                - {name: P, kind: plugins.of.Python, config: {a: 1}}\n\
                plugin_dirs: [x]\n";
    let gateway = GatewayConfig::parse("gateway.yaml", file).unwrap();
    let [external] = gateway.external().collect::<Vec<_>>()[..] else {
        panic!("{gateway:?}")
    };
    assert_eq!(
        (external.local().name(), external.local().mode()),
        ("A", Mode::Transform)
    );
    assert_eq!(
        gateway.others().map(PluginConfig::name).collect::<Vec<_>>(),
        ["P"]
    );
    assert_eq!(
        GatewayConfig::parse("empty.yaml", "").unwrap().external().len(),
        0
    );
}

#[test]
fn what_the_operator_wrote_wins_over_what_the_server_reports() {
    let entry = |json: Json| ExternalPluginConfig::new(&document(&json)).unwrap();
    let local = entry(json!({
        "name": "A", "kind": "external", "priority": 7, "mode": "audit", "unix_socket": {"path": "/run/a.sock"}
    }));
    let remote = json!({
        "name": "A", "kind": "words", "hooks": ["tool_pre_invoke"], "priority": 50.0, "mode": "enforce_ignore_error",
        "config": {"words": []}, "description": null, "mcp": null
    });
    let merged = local.merged_with(&document(&remote)).unwrap();
    assert_eq!(
        (merged.name(), merged.priority(), merged.mode()),
        ("A", 7, Mode::Audit)
    );
    assert_eq!(merged.hooks().collect::<Vec<_>>(), ["tool_pre_invoke"]);
    assert_eq!(merged.on_error().as_str(), "ignore");
    assert_eq!(merged.document()["kind"], "external");
    assert_eq!(
        Json::from(merged.document()["config"].clone()),
        json!({"words": []})
    );

    for (remote, expected) in [
        (json!({"name": "A"}), "kind is missing"),
        (
            json!({"name": "A", "kind": "words", "hooks": null}),
            "hooks: must not be null",
        ),
        // One section here and one there make two.
        (
            json!({"name": "A", "kind": "words", "grpc": {"target": "a:1"}}),
            "there is also the section",
        ),
    ] {
        let error = local.merged_with(&document(&remote)).unwrap_err();
        let HostError::RemoteConfiguration { plugin, problems } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((plugin.as_str(), problems.len()), ("A", 1));
        assert!(problems[0].contains(expected), "{error}");
    }
}

#[tokio::test]
async fn what_no_host_can_connect_to_is_said_when_connecting() {
    let sse =
        json!({"name": "A", "kind": "external", "mcp": {"proto": "SSE", "url": "http://localhost/sse"}});
    let gateway = GatewayConfig::parse("gateway.yaml", &json!({ "plugins": [sse] }).to_string()).unwrap();
    let registry = gateway.connect(&HostSettings::default()).await.unwrap();
    assert_eq!(registry.iter().len(), 0);
    let [failure] = registry.failures() else {
        panic!("{:?}", registry.failures())
    };
    assert!(failure.to_string().contains("write STREAMABLEHTTP"), "{failure}");
}
