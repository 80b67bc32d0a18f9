//! `gateway-config`: the stanza is what a gateway takes, for every way in which a server listens.

use std::path::Path;

use plugin_sdk::{
    PluginContext,
    hooks::{ToolPreInvoke, ToolPreInvokePayload},
    host::{ExternalPlugin, GatewayConfig, HostSettings, HostedPlugin, Invoke},
};
use plugin_sdk_tests::process::{ServerProcess, free_port};

use super::run;
use crate::{certificates::Certificates, frames::CONFIGURATION};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-plugin");

/// What is printed for a server that is started with the same flags and configuration.
fn printed(transport: &str, flags: &[&str], file: &str) -> String {
    let arguments = [
        &["gateway-config", "--transport", transport, "--config", file],
        flags,
    ]
    .concat();
    let (output, text) = run(PROGRAM, &arguments, &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Every key has a comment, and no comment is wider than a terminal.
fn assert_explained(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate().skip(1) {
        let bare = line.trim_start();
        if bare.starts_with('#') {
            assert!(line.chars().count() <= 80, "{line}");
        } else if bare.contains(": ") || bare.ends_with(':') {
            let above = lines[index - 1].trim_start();
            assert!(
                above.starts_with("# ") || line.starts_with("plugins:"),
                "nothing explains {line:?} in:\n{text}"
            );
        }
    }
}

/// A gateway that is given the stanza calls the plugin.
async fn assert_works(text: &str) {
    assert_explained(text);
    let config = GatewayConfig::parse("gateway.yaml", text).unwrap();
    let entry = config.external().next().unwrap().clone();
    let plugin = ExternalPlugin::connect(entry, &HostSettings::default())
        .await
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(plugin.check_health().await.unwrap());
    let mut context = PluginContext::new("request-1");
    let result = plugin
        .invoke::<ToolPreInvoke>(&ToolPreInvokePayload::new("search"), &mut context)
        .await
        .unwrap();
    assert!(result.continue_processing);
    plugin.close().await;
}

/// The timeout from which on a gateway gets no late answers.
#[test]
fn the_socket_s_section_names_the_timeouts_that_are_safe() {
    let directory = tempfile::tempdir().unwrap();
    let file = path(directory.path(), "plugins.yaml");
    for (guard, safe) in [("0.1", "0.1"), ("off", "11.05"), ("2", "2")] {
        let section =
            format!("unix_socket_server_settings: {{late_answer_guard: {guard}, call_timeout: 10}}");
        std::fs::write(&file, format!("{CONFIGURATION}\n{section}")).unwrap();
        let words = printed("unix", &[], &file).replace("# ", "");
        let words: Vec<_> = words.split_whitespace().collect();
        let text = words.join(" ");
        assert!(
            text.contains(&format!("From {safe} on it is safe")),
            "{guard}: {text}"
        );
    }
}

/// A server with flags, and the stanza that is printed for it.
async fn serve_and_call(transport: &str, flags: &[&str], section: &str, change: impl Fn(String) -> String) {
    let configuration = format!("{CONFIGURATION}\n{section}");
    let server = ServerProcess::start_with(PROGRAM, &configuration, |command| {
        command.env("PLUGINS_TRANSPORT", transport).args(flags);
    })
    .unwrap();
    let file = server.configuration().display().to_string();
    assert_works(&change(printed(transport, flags, &file))).await;
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).display().to_string()
}

#[tokio::test]
async fn sockets_of_every_transport() {
    let directory = tempfile::Builder::new().prefix("s-").tempdir_in("/tmp").unwrap();
    let socket = path(directory.path(), "p.sock");
    for (transport, flag) in [
        ("unix", "--socket"),
        ("grpc", "--grpc-uds"),
        ("http", "--http-uds"),
    ] {
        serve_and_call(transport, &[flag, &socket], "", |text| text).await;
    }
}

#[tokio::test]
async fn ports_of_every_transport() {
    for (transport, flag) in [("grpc", "--grpc-port"), ("http", "--http-port")] {
        let port = free_port().unwrap().to_string();
        serve_and_call(transport, &[flag, &port], "", |text| text).await;
    }
}

#[tokio::test]
async fn tls_with_certificates_of_clients() {
    let certificates = Certificates::make();
    let file = |name: &str| path(certificates.directory(), name);
    for (transport, section, host) in [
        ("grpc", "grpc_server_settings", "--grpc-host"),
        ("http", "server_settings", "--http-host"),
    ] {
        let port = free_port().unwrap();
        let section = format!(
            "{section}:\n  port: {port}\n  tls: {{certfile: {}, keyfile: {}, ca_bundle: {}}}\n",
            file("server.pem"),
            file("server.key"),
            file("authority.pem"),
        );
        serve_and_call(transport, &[host, "localhost"], &section, |text| {
            let on_gateway = "/path/on/the/gateway/";
            assert_eq!(text.matches(on_gateway).count(), 3, "{text}");
            text.replace(
                &format!("{on_gateway}authority-of-the-server.pem"),
                &file("authority.pem"),
            )
            .replace(&format!("{on_gateway}client.pem"), &file("client.pem"))
            .replace(&format!("{on_gateway}client.key"), &file("client.key"))
        })
        .await;
    }
}

/// A certificate that is not for the address: the host that is printed is one that it is for.
#[tokio::test]
async fn the_host_is_one_of_the_certificate() {
    let certificates = Certificates::make();
    let file = |name: &str| path(certificates.directory(), name);
    let authority = |text: String| {
        text.replace(
            "/path/on/the/gateway/authority-of-the-server.pem",
            &file("authority.pem"),
        )
    };
    for (transport, section, auth) in [
        ("grpc", "grpc_server_settings", "client_auth: none"),
        ("http", "server_settings", "ssl_cert_reqs: 0"),
    ] {
        let section = |host: &str, certificate: &str, port: u16| {
            format!(
                "{section}:\n  host: {host}\n  port: {port}\n  tls: {{certfile: {}, keyfile: {}, {auth}}}\n",
                file(&format!("{certificate}.pem")),
                file(&format!("{certificate}.key")),
            )
        };
        let port = free_port().unwrap().min(60_000);
        serve_and_call(transport, &[], &section("127.0.0.1", "server", port), |text| {
            assert!(text.contains(&format!("localhost:{port}")), "{text}");
            authority(text)
        })
        .await;

        let directory = tempfile::TempDir::new().unwrap();
        let configuration = path(directory.path(), "plugins.yaml");
        for (host, certificate, expected, said) in [
            (
                "127.0.0.1",
                "server-elsewhere",
                "elsewhere.example:7",
                "listens on 127.0.0.1: elsewhere.example must lead there",
            ),
            (
                "0.0.0.0",
                "server-elsewhere",
                "elsewhere.example:7",
                "made out to elsewhere.example",
            ),
            ("0.0.0.0", "server", "localhost:7", "in place of localhost"),
            ("elsewhere.example", "server-elsewhere", "elsewhere.example:7", ""),
            (
                "10.1.2.3",
                "server-wildcard",
                "10.1.2.3:7",
                "*.example.com: put such a name in place of 10.1.2.3",
            ),
            ("10.1.2.3", "server-address", "10.1.2.3:7", ""),
            ("a.example.com", "server-wildcard", "a.example.com:7", ""),
        ] {
            let text = format!("{CONFIGURATION}\n{}", section(host, certificate, 7));
            std::fs::write(&configuration, text).unwrap();
            let text = printed(transport, &[], &configuration);
            // Comments have several lines.
            let words = text.replace("\n# ", " ");
            assert!(
                text.contains(expected) && words.contains(said),
                "{host}, {certificate}:\n{text}"
            );
            assert_eq!(
                words.contains("made out to"),
                said.contains("made out") || said.contains("lead there") || said.contains("such a name"),
                "{words}"
            );
        }
    }
}

#[tokio::test]
async fn standard_input_and_output() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = path(directory.path(), "plugins.yaml");
    std::fs::write(&file, CONFIGURATION).unwrap();
    assert_works(&printed("stdio", &[], &file)).await;
}

/// What an entry says is kept, and explained once.
#[test]
fn entries_of_several_plugins() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/host/probe.yaml");
    let (_, text) = run(
        env!("CARGO_BIN_EXE_probe-plugin"),
        &["gateway-config", "-t", "unix", "-c", file],
        &[],
    );
    let config = GatewayConfig::parse("gateway.yaml", &text).unwrap();
    let names: Vec<_> = config
        .external()
        .map(|entry| entry.local().name().to_owned())
        .collect();
    assert_eq!(names, ["ProbePlugin", "ProbeAlt", "ProbeLenient"]);
    assert_eq!(text.matches("# When it is called.").count(), 1, "{text}");
    assert!(text.contains("    conditions:\n      - tools:\n"), "{text}");
}
