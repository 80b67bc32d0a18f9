//! `check` finds what operators fall into, and says the way out.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::Path,
};

use super::run;
use crate::certificates::Certificates;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-plugin");

/// A configuration file and flags, and what `check` prints about them.
struct Case<'a> {
    file: &'a str,
    flags: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self {
            file: "plugins: [{name: Faults, kind: faults}]",
            flags: &[],
            variables: &[],
        }
    }
}

impl Case<'_> {
    fn run(&self) -> (Option<i32>, String) {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("plugins.yaml");
        fs::write(&file, self.file).unwrap();
        let arguments = [&["check", "--config", file.to_str().unwrap()], self.flags].concat();
        let (output, text) = run(PROGRAM, &arguments, self.variables);
        (output.status.code(), text)
    }

    /// It is found, and said with each of these words.
    #[track_caller]
    fn finds(&self, label: &str, said: &[&str]) {
        let (status, text) = self.run();
        let line = text
            .lines()
            .find(|line| line.starts_with(label) && said.iter().all(|word| line.contains(word)));
        assert!(line.is_some(), "no {label} says {said:?}:\n{text}");
        let has_error = text.lines().any(|line| line.starts_with("error: "));
        assert_eq!(status, Some(i32::from(has_error)), "{text}");
    }

    /// No error and no warning is of the kind.
    #[track_caller]
    fn is_silent_about(&self, word: &str) {
        let (_, text) = self.run();
        let mut findings = text.lines().filter(|line| !line.starts_with("ok: "));
        assert!(!findings.any(|line| line.contains(word)), "{text}");
    }
}

fn in_file(file: &str) -> Case<'_> {
    Case {
        file,
        ..Case::default()
    }
}

fn with_flags<'a>(flags: &'a [&'a str]) -> Case<'a> {
    Case {
        flags,
        ..Case::default()
    }
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).display().to_string()
}

#[test]
fn places_of_sockets() {
    let directory = tempfile::Builder::new().prefix("c-").tempdir_in("/tmp").unwrap();
    let socket = path(directory.path(), "p.sock");
    with_flags(&["--socket", &socket]).is_silent_about("socket:");

    let long = path(directory.path(), &"x".repeat(120));
    with_flags(&["--socket", &long]).finds("error: ", &["bytes", "107", "choose a shorter one"]);
    let nowhere = path(directory.path(), "nowhere/p.sock");
    with_flags(&["--grpc-uds", &nowhere]).finds("error: ", &["make the directory"]);
    let regular = path(directory.path(), "regular");
    fs::write(&regular, "").unwrap();
    with_flags(&["--http-uds", &regular]).finds("error: ", &["is not a socket: remove it"]);

    let open = directory.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    with_flags(&["--socket", &path(&open, "p.sock")]).finds("error: ", &["open"]);
    with_flags(&["--socket", "/tmp/p.sock"])
        .finds("warning: ", &["everyone may write to the directory", "0700"]);

    let _listener = UnixListener::bind(path(directory.path(), "taken.sock")).unwrap();
    with_flags(&["--socket", &path(directory.path(), "taken.sock")])
        .finds("warning: ", &["a server answers", "choose another path"]);
    in_file(&format!(
        "plugins: []\nunix_socket_server_settings: {{path: {socket}, mode: '0666'}}"
    ))
    .finds(
        "warning: ",
        &["0666", "every user of the machine", "0660", "--socket-mode"],
    );
    with_flags(&["--socket", &socket, "--grpc-uds", &socket]).finds(
        "error: ",
        &["grpc and unix listen on the same socket", "give each its own"],
    );
    with_flags(&[
        "--socket",
        &socket,
        "--grpc-uds",
        &path(directory.path(), "g.sock"),
    ])
    .is_silent_about("same socket");
}

/// Only what will be served is looked at.
#[test]
fn transports_that_are_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let everywhere = [
        "--grpc-port",
        &port,
        "--http-port",
        &port,
        "--socket",
        "/tmp/p.sock",
    ];
    let found = |transports: &[&str]| {
        let flags = [&everywhere[..], transports].concat();
        let (_, text) = with_flags(&flags).run();
        ["gRPC: ", "MCP: ", "socket: "].map(|place| text.contains(&format!("warning: {place}")))
    };
    assert_eq!(found(&[]), [true, true, true]);
    assert_eq!(found(&["-t", "grpc"]), [true, false, false]);
    assert_eq!(found(&["--transport", "http,unix"]), [false, true, true]);
    assert_eq!(found(&["-t", "stdio"]), [false, false, false]);
    // The variable is what the server reads; the flag takes its place.
    let variable = |flags| {
        let case = Case {
            flags,
            variables: &[("PLUGINS_TRANSPORT", "stdio")],
            ..Case::default()
        };
        case.run().1
    };
    assert!(!variable(&everywhere).contains("warning: gRPC"));
    let flags = [&everywhere[..], &["-t", "grpc"]].concat();
    assert!(variable(&flags).contains("warning: gRPC"));
}

#[test]
fn every_mistake_of_an_entry_and_of_the_environment_is_found_at_once() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("plugins.yaml");
    let kind = "plugins.search_replace.SearchReplacePlugin";
    let entry = format!(
        "plugins:\n- name: a\n  kind: {kind}\n  mode: sequental\n  hooks:\n  - tool_pre_invok\n  - tool_pre_invoke\n  \
         - agent_pre_invoke\n  config:\n    words:\n    - {{search: x}}\n- {{name: b, kind: {kind}}}\n"
    );
    fs::write(&file, entry).unwrap();
    let (output, text) = run(
        env!("CARGO_BIN_EXE_compat-plugins"),
        &["check", "-c", file.to_str().unwrap()],
        &[("PLUGINS_LOG_LEVEL", "loud"), ("PLUGINS_TRANSPORT", "unxi")],
    );
    assert_eq!(output.status.code(), Some(1), "{text}");
    let expected = [
        "yaml:4: plugins[0].mode: unknown mode \"sequental\"",
        "yaml:6: plugins[0].hooks[0]: `plugins.search_replace.SearchReplacePlugin` has no hook `tool_pre_invok`; did you",
        "yaml:8: plugins[0].hooks[2]: ",
        "yaml:11: plugins[0].config.words[0]: missing field `replace`",
        "PLUGINS_LOG_LEVEL: unknown level \"loud\"",
        "PLUGINS_TRANSPORT: unknown transport \"unxi\"",
    ];
    for said in expected {
        let found = text
            .lines()
            .any(|line| line.starts_with("error: ") && line.contains(said));
        assert!(found, "{said}:\n{text}");
    }
    let errors = text.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), expected.len(), "{text}");
    let working: Vec<_> = text.lines().filter(|line| line.starts_with("ok: ")).collect();
    assert_eq!(working.len(), 1, "{text}");
    assert!(working[0].starts_with("ok: plugin b: "), "{text}");
}

#[test]
fn paths_that_depend_on_the_working_directory() {
    let relative = ["is relative", "write it from / on"];
    with_flags(&["--socket", "p.sock"]).finds("warning: --socket: p.sock", &relative);
    in_file("plugins: []\ngrpc_server_settings: {uds: g.sock}")
        .finds("warning: grpc_server_settings.uds: g.sock", &relative);
    let variables = Case {
        variables: &[("PLUGINS_SERVER_UDS", "./h.sock")],
        ..Case::default()
    };
    variables.finds("warning: PLUGINS_SERVER_UDS: ./h.sock", &relative);
    // A flag has taken the place of the variable.
    let replaced = Case {
        flags: &["--http-uds", "/tmp/h.sock"],
        ..variables
    };
    replaced.is_silent_about("is relative");
}

#[test]
fn ports() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let number = port.to_string();
    with_flags(&["--grpc-port", &number]).finds(
        "warning: gRPC: ",
        &["something listens", &number, "--grpc-host and --grpc-port"],
    );
    with_flags(&["--http-port", &number]).finds("warning: MCP: ", &["something listens", &number]);
    with_flags(&["--grpc-host", "192.0.2.1", "--grpc-port", "1"])
        .finds("error: gRPC: ", &["is no address of this machine", "0.0.0.0"]);
    with_flags(&["--grpc-port", "7001", "--http-port", "7001"])
        .finds("error: ", &["same port", "7001", "--grpc-port or --http-port"]);
}

#[test]
fn the_second_port_of_mcp_with_tls() {
    let certificates = Certificates::make();
    let file = |name: &str| path(certificates.directory(), name);
    let taken = loop {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        if taken.local_addr().unwrap().port() > 3000 {
            break taken;
        }
    };
    let port = taken.local_addr().unwrap().port();
    let section = |port: u16| {
        format!(
            "plugins: []\nserver_settings: {{port: {port}, tls: {{certfile: {}, keyfile: {}, ssl_cert_reqs: 0}}}}",
            file("server.pem"),
            file("server.key")
        )
    };
    in_file(&section(port - 1000)).finds(
        "warning: MCP (health",
        &["1000 above", &port.to_string(), "--http-port"],
    );
    let grpc = port.to_string();
    let both = Case {
        file: &section(port - 1000),
        flags: &["--grpc-port", &grpc, "--http-host", "127.0.0.1"],
        ..Case::default()
    };
    both.finds(
        "error: gRPC listens on port",
        &["health and metrics", "--grpc-port"],
    );
    in_file(&section(65_000)).finds("error: MCP: the port 65000", &["64535"]);

    let key = file("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    in_file(&section(7002)).finds("warning: MCP: ", &["may read the key", "0600"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    in_file(&section(7002)).is_silent_about("may read the key");
}

#[test]
fn who_gets_to_the_server() {
    let pod = Case {
        flags: &["--grpc-port", "0"],
        variables: &[("KUBERNETES_SERVICE_HOST", "10.0.0.1")],
        ..Case::default()
    };
    pod.finds(
        "warning: gRPC: ",
        &["reached from within alone", "0.0.0.0", "same pod"],
    );
    with_flags(&["--grpc-host", "0.0.0.0", "--grpc-port", "0"]).finds(
        "warning: gRPC: whoever reaches",
        &["certificates", "network policy"],
    );
    let everywhere = ["--http-host", "0.0.0.0", "--http-port", "0"];
    with_flags(&everywhere).finds("warning: MCP: ", &["header Host", "--http-allowed-hosts"]);
    let listed = Case {
        file: "plugins: []\nserver_settings: {host: 0.0.0.0, port: 0, allowed_hosts: [plugins.internal]}",
        flags: &["--http-port", "0"],
        ..Case::default()
    };
    listed.is_silent_about("header Host");
    in_file("plugins: []\nserver_settings: {port: 0, allowed_hosts: ['*']}").finds(
        "warning: MCP: allowed_hosts is *",
        &["a page in a browser", "list"],
    );
    with_flags(&["--http-host", "127.0.0.2", "--http-port", "0"]).finds(
        "warning: MCP: gateways take no 127.0.0.2 in a url",
        &["PLUGINS_SSRF_PROTECTION_ENABLED=false"],
    );
    with_flags(&["--http-port", "0"]).is_silent_about("in a url");
}

#[test]
fn entries_that_gateways_read_in_another_way() {
    in_file("plugins:\n- {name: a, kind: faults}\n- {name: A, kind: faults}")
        .finds("warning: ", &["plugins.yaml:3", "differs only in case"]);
    in_file("plugins:\n- {name: a, kind: faults, hooks: [prompt_pre_fetch]}")
        .finds("error: ", &["plugins.yaml:2", "hooks", "prompt_pre_fetch"]);
    in_file("plugins:\n- {name: a, kind: faults,\n   hooks: []}").finds(
        "warning: ",
        &["plugins.yaml:3: plugins[0].hooks", "leave the key out"],
    );
    in_file("plugins:\n- {name: a, kind: faults,\n   mode: disabled}")
        .finds("warning: ", &["plugins.yaml:3: plugins[0].mode", "never call"]);
    in_file("plugins:\n- {name: a, kind: faults, conditions: [{user_patterns: ['^admin']}]}")
        .finds("warning: ", &["conditions", "are no patterns", "leave out ^"]);
    in_file("plugins:\n- {name: a, kind: faults, conditions: [{user_patterns: ['@example.com']}]}")
        .is_silent_about("patterns");
    in_file("plugins:\n- {name: a, kind: external, grpc: {target: 'a:1'}}")
        .finds("error: ", &["kind", "belongs into the gateway's file"]);
    in_file("plugins: []\ngrpc_settings: {}").finds("warning: ", &["grpc_settings", "unknown key"]);
}

#[test]
fn limits_beyond_those_of_gateways() {
    in_file("plugins: []\nunix_socket_server_settings: {call_timeout: 30}").finds(
        "warning: call_timeout",
        &["30 s", "PLUGINS_CALL_TIMEOUT", "PLUGINS_PLUGIN_TIMEOUT"],
    );
    in_file("plugins: []\nunix_socket_server_settings: {call_timeout: 29}").is_silent_about("call_timeout");
    in_file("plugins: []\ngrpc_server_settings: {max_reply_size: 5MiB}")
        .finds("warning: grpc_server_settings.max_reply_size", &["4MiB or less"]);
}

#[test]
fn timeouts_of_gateways_that_are_safe() {
    let socket = |guard: &str| {
        let flags = ["--socket", "/tmp/late-answers.sock"];
        let file = format!(
            "plugins: []\nunix_socket_server_settings: {{late_answer_guard: {guard}, call_timeout: 10}}"
        );
        let case = Case {
            file: &file,
            flags: &flags,
            variables: &[],
        };
        case.run().1
    };
    assert!(
        socket("0.1").contains("ok: late_answer_guard: timeouts of gateways are safe from 0.1 s on"),
        "{}",
        socket("0.1")
    );
    for (guard, safe) in [("off", "11.05"), ("2", "2"), ("3600", "11.05")] {
        let text = socket(guard);
        let expected =
            format!("warning: late_answer_guard: on a Unix socket, a gateway with a timeout below {safe} s");
        assert!(text.contains(&expected), "{guard}: {text}");
    }
    // Calls that end sooner need no guard.
    in_file("plugins: []\nunix_socket_server_settings: {late_answer_guard: off, call_timeout: 0.04}")
        .is_silent_about("late_answer_guard");
    in_file("plugins: []\nunix_socket_server_settings: {late_answer_guard: never}")
        .finds("error: ", &["late_answer_guard", "off, or seconds"]);
}

#[test]
fn variables_that_nobody_reads() {
    let set = |variables| Case {
        variables,
        ..Case::default()
    };
    set(&[("PLUGINS_GRPC_SERVER_PROT", "1")]).finds(
        "warning: PLUGINS_GRPC_SERVER_PROT is not known",
        &["did you mean PLUGINS_GRPC_SERVER_PORT?"],
    );
    set(&[("PLUGINS_PLUGIN_TIMEOUT", "60")]).finds(
        "warning: PLUGINS_PLUGIN_TIMEOUT",
        &["of gateways", "PLUGINS_CALL_TIMEOUT"],
    );
    set(&[("PLUGINS_CONFIG_FILE", "a.yaml")]).finds("warning: ", &["PLUGINS_CONFIG_PATH"]);
    set(&[
        ("PLUGINS_ENABLED", "true"),
        ("PLUGINS_CLIENT_MTLS_VERIFY", "true"),
        ("PLUGINS_DRAIN_TIMEOUT", "3"),
        ("PLUGINS_LOG_LEVEL", "INFO"),
    ])
    .is_silent_about("PLUGINS_");
}
