//! Each setting of MCP over HTTP has its effect, from wherever it is read: flag, section of the file, environment.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    sync::Arc,
    time::Duration,
};

use plugin_sdk_tests::{
    http::{self, Answer},
    process::{ServerProcess, free_port},
};
use serde_json::json;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::{
    certificates::Certificates,
    command_line::{self, tcp_address},
};

pub(super) const ENDPOINT: &str = "POST /mcp";
const METRICS: &str = "GET /metrics/prometheus";

pub(super) fn server(section: &str, flags: &[&str], variables: &[(&str, &str)]) -> ServerProcess {
    command_line::server("http", ["server_settings", section], flags, variables)
}

/// The headers of a request to the endpoint.
pub(super) fn headers(host: &str) -> Vec<(String, String)> {
    [
        ("host", host),
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A call of `tool_pre_invoke`.
pub(super) fn call(plugin: &str, tool: &str, arguments: &serde_json::Value) -> String {
    let arguments = json!({
        "hook_type": "tool_pre_invoke", "plugin_name": plugin, "payload": {"name": tool, "args": arguments},
        "context": {"state": {}, "metadata": {}, "global_context": {"request_id": "r"}},
    });
    let params = json!({"name": "invoke_hook", "arguments": arguments});
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string()
}

fn echo() -> String {
    call("Faults", "echo", &json!({"said": "this"}))
}

fn assert_echoed(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(
        answer.body.contains("said") && answer.body.contains("this"),
        "{answer:?}"
    );
}

#[test]
fn the_section_says_where_whom_and_how_much() {
    let server = server(
        "{host: 127.0.0.2, port: 0, allowed_hosts: [plugins.example, \"exact.example:81\"], max_header_size: 8 KiB, \
         body_timeout: 0.3}",
        &[],
        &[],
    );
    let address = tcp_address(&server);
    assert!(address.starts_with("127.0.0.2:"), "{address}");
    let send = |headers: &[(String, String)]| http::exchange(&*address, ENDPOINT, headers, &echo()).unwrap();
    for host in [&address, "plugins.example:99", "exact.example:81"] {
        assert_echoed(&send(&headers(host)));
    }
    for host in ["evil.example", "exact.example:82"] {
        assert_eq!(send(&headers(host)).status, 421, "{host}");
    }

    for (size, status) in [(7000, 200), (9000, 431)] {
        let mut headers = headers(&address);
        headers.push(("x-large".into(), "x".repeat(size)));
        assert_eq!(send(&headers).status, status, "{size} bytes");
    }

    let mut late = TcpStream::connect(&address).unwrap();
    late.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = http::head(ENDPOINT, &headers(&address)) + "content-length: 9\r\n\r\n";
    late.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("0.3 s (PLUGINS_SERVER_BODY_TIMEOUT)"),
        "{answer}"
    );
}

#[test]
fn the_section_says_which_socket() {
    let server = server("{uds: plugin.sock, uds_mode: \"0660\"}", &[], &[]);
    let mode = fs::metadata(server.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660, "{mode:o}");
    let stream = UnixStream::connect(server.socket()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_echoed(&http::exchange_on(stream, ENDPOINT, &headers("localhost"), &echo()).unwrap());
}

#[test]
fn the_section_or_flags_say_whose_certificates() {
    let certificates = Certificates::make();
    let path = |name: &str| certificates.directory().join(name);
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(path("authority.pem")).unwrap())
        .unwrap();
    let without_certificate = Arc::new(
        ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth(),
    );
    let [certfile, keyfile, ca_bundle] =
        ["server.pem", "server.key", "authority.pem"].map(|name| path(name).display().to_string());
    let section = |whether: &str| {
        format!(
            "{{port: 0, tls: {{certfile: {certfile}, keyfile: {keyfile}, ca_bundle: {ca_bundle}, ssl_cert_reqs: {whether}}}}}"
        )
    };
    let flags = |whether| {
        vec![
            "--http-port",
            "0",
            "--http-tls-certfile",
            &*certfile,
            "--http-tls-keyfile",
            &keyfile,
            "--http-tls-ca-bundle",
            &ca_bundle,
            "--http-tls-cert-reqs",
            whether,
        ]
    };
    for (section, flags, is_served) in [
        (section("0"), vec![], true),
        (section("2"), vec![], false),
        (String::new(), flags("0"), true),
        (String::new(), flags("2"), false),
        // A flag wins over the section.
        (section("2"), vec!["--http-tls-cert-reqs", "0"], true),
    ] {
        let server = server(&section, &flags, &[]);
        let address = tcp_address(&server);
        let stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let name = "localhost".try_into().unwrap();
        let connection = ClientConnection::new(Arc::clone(&without_certificate), name).unwrap();
        let stream = StreamOwned::new(connection, stream);
        let answer = http::exchange_on(stream, ENDPOINT, &headers(&address), &echo());
        if is_served {
            assert_echoed(&answer.unwrap());
        } else {
            assert!(answer.is_err(), "{answer:?}");
        }
    }
}

#[test]
fn flags_win_over_the_section_and_the_section_over_the_environment() {
    let ports = [(); 3].map(|()| free_port().unwrap().to_string());
    let [flag, file, variable] = &ports;
    let section = format!("{{port: {file}}}");
    let variables = [("PLUGINS_SERVER_PORT", variable.as_str())];
    let by_flag = ["--http-port", flag];
    for (section, flags, expected) in [
        (section.as_str(), &by_flag[..], flag),
        ("", &by_flag, flag),
        (&section, &[], file),
        ("", &[], variable),
    ] {
        let server = server(section, flags, &variables);
        assert_eq!(tcp_address(&server), format!("127.0.0.1:{expected}"));
    }
}

#[test]
fn metrics_are_switched_off_by_a_flag_and_by_a_variable_also_beside_a_section() {
    let metrics = |section: &str, flags: &[&str], variables: &[(&str, &str)]| {
        let server = server(section, flags, variables);
        let address = tcp_address(&server);
        http::exchange(&*address, METRICS, &headers(&address), "")
            .unwrap()
            .status
    };
    let off = ("ENABLE_METRICS", "false");
    assert_eq!(metrics("{port: 0}", &[], &[]), 200);
    assert_eq!(metrics("{port: 0}", &[], &[off]), 503);
    assert_eq!(metrics("", &[], &[off, ("PLUGINS_SERVER_PORT", "0")]), 503);
    assert_eq!(metrics("{port: 0}", &["--http-metrics"], &[off]), 200);
    assert_eq!(metrics("{port: 0}", &["--http-metrics=true"], &[off]), 200);
    assert_eq!(metrics("{port: 0}", &["--http-metrics=false"], &[]), 503);
    assert_eq!(metrics("{port: 0}", &["--http-metrics", "false"], &[]), 503);
}

#[test]
fn calls_are_counted_by_what_came_of_them() {
    let plugins = "plugins: [{name: Vec, kind: plugins.vec.Vec}]\nserver_settings: {port: 0}\n";
    let server = ServerProcess::start_with(env!("CARGO_BIN_EXE_vector-plugin"), plugins, |command| {
        command
            .env("PLUGINS_TRANSPORT", "http")
            .env("PLUGINS_CALL_TIMEOUT", "0.3");
    })
    .unwrap();
    let address = tcp_address(&server);
    let headers = headers(&address);
    let outcomes = [
        ("timeout", "sleep"),
        ("allow", "noop"),
        ("modify", "modify"),
        ("deny", "deny"),
        ("error", "error"),
        ("panic", "none"),
    ];
    // Each another number of times, so that none can be taken for another.
    for (index, (_, tool)) in outcomes.iter().enumerate() {
        for _ in 0..=index {
            let body = call("Vec", tool, &json!({"s": 60}));
            let answer = http::exchange(&*address, ENDPOINT, &headers, &body).unwrap();
            assert_eq!(answer.status, 200, "{tool}: {answer:?}");
        }
    }
    let text = http::exchange(&*address, METRICS, &headers, "").unwrap().body;
    for (index, (outcome, _)) in outcomes.iter().enumerate() {
        let labels = [
            "plugin=\"Vec\"".to_owned(),
            "hook=\"tool_pre_invoke\"".to_owned(),
            format!("outcome=\"{outcome}\""),
        ];
        let line = text.lines().find(|line| {
            line.starts_with("plugin_calls_total{") && labels.iter().all(|label| line.contains(label))
        });
        let number = line.and_then(|line| line.rsplit(' ').next());
        assert_eq!(number, Some(&*(index + 1).to_string()), "{outcome}: {text}");
    }
}
