//! Which transports are meant: the words of the Python server, and of its documentation, mean the same here.

use std::{fs, path::Path, process::Command};

use plugin_sdk_tests::process::{ServerProcess, without_settings};

use super::{run, server};
use crate::frames::CONFIGURATION;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-plugin");
const FREE_PORT: [&str; 2] = ["server_settings", "{port: 0}"];

/// Warnings of the server, without those of other subjects.
fn warnings(server: &ServerProcess) -> Vec<String> {
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains("PLUGINS_TRANSPORT"));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_word_for_http_serves_http() {
    for word in [
        "http",
        "streamablehttp",
        "STREAMABLEHTTP",
        "streamable-http",
        "sse",
    ] {
        let server = server(word, FREE_PORT, &[], &[]);
        assert!(server.log().contains("http://"), "{word}: {}", server.log());
        assert_eq!(warnings(&server), [""; 0], "{word}");
    }
}

/// As on the Python server, but not silently.
#[test]
fn another_word_serves_http_with_a_warning() {
    let server = server("websocket", FREE_PORT, &[], &[]);
    assert!(server.log().contains("http://"), "{}", server.log());
    let [warning] = warnings(&server).try_into().unwrap();
    for said in [
        "WARN",
        "PLUGINS_TRANSPORT: \"websocket\"",
        "MCP over HTTP",
        "known: unix, grpc, http, stdio",
    ] {
        assert!(warning.contains(said), "{warning}");
    }
}

#[test]
fn a_slip_is_an_error_in_every_command() {
    for (word, meant) in [
        ("unxi", "unix"),
        ("gprc", "grpc"),
        ("htpp", "http"),
        ("unix,grpcs", "grpc"),
    ] {
        let variables = [("PLUGINS_TRANSPORT", word)];
        let invoke = ["invoke", "tool_pre_invoke", "--payload", "{\"name\": \"a\"}"];
        for command in [&["serve"][..], &["health"], &["check"], &["gateway-config"]] {
            let (output, text) = run(PROGRAM, command, &variables);
            let said = text + &String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{word} {command:?}: {said}");
            let expected = format!("did you mean \"{meant}\"? (known: unix, grpc, http, stdio)");
            let found = said
                .lines()
                .any(|line| line.starts_with("error: PLUGINS_TRANSPORT: ") && line.ends_with(&expected));
            assert!(found, "{word} {command:?}: {said}");
        }
        // It does not ask which transports the server has.
        let (output, _) = run(PROGRAM, &invoke, &variables);
        assert_eq!(output.status.code(), Some(0), "{word}");
    }
}

#[test]
fn a_list_is_a_list_everywhere() {
    let directory = tempfile::Builder::new().prefix("l-").tempdir_in("/tmp").unwrap();
    let socket = directory.path().join("grpc.sock").display().to_string();
    let server = server(
        "http",
        ["", ""],
        &["--transport", "grpc,unix", "--grpc-uds", &socket],
        &[],
    );
    let own = server.socket().display().to_string();
    let places = format!("ok: grpc+unix:{socket}\nok: unix:{own}\n");
    let addresses = ["--grpc-uds", &socket, "--socket", &own];
    for transports in [&["-t", "grpc,unix"][..], &["-t", "grpc", "-t", "unix"]] {
        let (_, text) = run(PROGRAM, &[&["health"], transports, &addresses].concat(), &[]);
        assert_eq!(text, places, "{transports:?}");
    }
    let (_, text) = run(
        PROGRAM,
        &[&["health"], &addresses[..]].concat(),
        &[("PLUGINS_TRANSPORT", "grpc, unix,")],
    );
    assert_eq!(text, places);
    // One stanza is for one transport, and one call goes over one.
    let invoke = ["invoke", "tool_pre_invoke", "-p", "{\"name\": \"a\"}"];
    for command in [&["gateway-config"][..], &invoke] {
        let (output, _) = run(PROGRAM, &[command, &["-t", "grpc,unix"]].concat(), &[]);
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}: {log}");
        assert!(
            log.starts_with("error: --transport: this command takes one transport"),
            "{log}"
        );
    }
}

/// What is served is what the gateway is told.
#[test]
fn the_stanza_is_for_the_transport_that_is_served() {
    let stanza = |flags: &[&str], variables: &[(&str, &str)]| {
        run(PROGRAM, &[&["gateway-config"], flags].concat(), variables).1
    };
    assert!(stanza(&[], &[]).contains("mcp:"));
    assert!(stanza(&["--socket", "/run/p/a.sock"], &[]).contains("path: /run/p/a.sock"));
    let unix = [("PLUGINS_TRANSPORT", "unix,http")];
    assert!(stanza(&[], &unix).contains("unix_socket:"));
    assert!(stanza(&["-t", "grpc"], &unix).contains("grpc:"));
}

/// A `.env` file next to the server. Values with quotes in them once cost the lines behind them, and the socket with them.
#[test]
fn a_server_reads_the_file_as_the_python_server_does() {
    let directory = tempfile::Builder::new().prefix("e-").tempdir_in("/tmp").unwrap();
    let place = |name: &str| directory.path().join(name).display().to_string();
    let file = "# The operator's notes\nGREETING=it's a day\nexport BASE='{}'\nBROKEN LINE's\n\
                PLUGINS_TRANSPORT=unix # private\nPLUGINS_UNIX_SOCKET_PATH=${BASE}/it's.sock\n";
    fs::write(place(".env"), file.replace("{}", &place(""))).unwrap();
    let start = |directory: &Path| {
        ServerProcess::start_with(PROGRAM, CONFIGURATION, |command| {
            command
                .env_remove("PLUGINS_TRANSPORT")
                .env_remove("PLUGINS_UNIX_SOCKET_PATH")
                .current_dir(directory);
        })
        .unwrap()
    };
    let server = start(directory.path());
    let socket = place("it's.sock");
    assert!(Path::new(&socket).exists(), "{}", server.log());
    assert!(server.log().contains("WARN"), "{}", server.log());
    assert!(
        server.log().contains(".env:4: is ignored: it is not NAME=value"),
        "{}",
        server.log()
    );
    assert!(!server.log().contains("BROKEN"), "{}", server.log());

    // What asks about the server reads the same file, and so does a host.
    let ask = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        let output = without_settings(&mut command)
            .args(arguments)
            .current_dir(directory.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(ask(PROGRAM, &["health"]), format!("ok: unix:{socket}\n"));
    assert!(ask(PROGRAM, &["check"]).contains("warning: .env:4: is ignored"));
    assert!(ask(PROGRAM, &["gateway-config"]).contains(&socket));
    let gateway = format!(
        "plugins: [{{name: Faults, kind: external, hooks: [tool_pre_invoke], unix_socket: {{path: \"{socket}\"}}}}]"
    );
    fs::write(place("a gateway's.yaml"), gateway).unwrap();
    fs::write(place(".env"), "A=it's\nPLUGINS_CONFIG_FILE=a gateway's.yaml\n").unwrap();
    let host = env!("CARGO_BIN_EXE_small-host");
    assert_eq!(ask(host, &["echo"]), "Faults: true\n");

    // A virtual environment of Python is often a directory of this name.
    drop(server);
    fs::remove_file(place(".env")).unwrap();
    fs::create_dir(place(".env")).unwrap();
    assert!(!ask(PROGRAM, &["check"]).contains(".env"));
}
