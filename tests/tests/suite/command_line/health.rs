//! `health`: one line and an exit status for a probe.

use std::{
    io::Read,
    net::TcpListener,
    process::Output,
    thread,
    time::{Duration, Instant},
};

use plugin_sdk_tests::process::{ServerProcess, free_port};

use super::run;
use crate::{certificates::Certificates, frames::CONFIGURATION};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-plugin");

fn health(flags: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let (output, text) = run(PROGRAM, &[&["health"], flags].concat(), variables);
    (output.status.code(), text + &said(&output))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn serve(transport: &str, flags: &[&str], section: &str) -> ServerProcess {
    let configuration = format!("{CONFIGURATION}\n{section}");
    ServerProcess::start_with(PROGRAM, &configuration, |command| {
        command.env("PLUGINS_TRANSPORT", transport).args(flags);
    })
    .unwrap()
}

#[test]
fn a_server_that_runs_is_well_and_one_that_does_not_is_not() {
    let directory = tempfile::Builder::new().prefix("h-").tempdir_in("/tmp").unwrap();
    let socket = directory.path().join("p.sock").display().to_string();
    let port = free_port().unwrap().to_string();
    for (transport, flags, place) in [
        ("unix", ["--socket", &socket], format!("unix:{socket}")),
        ("grpc", ["--grpc-uds", &socket], format!("grpc+unix:{socket}")),
        ("http", ["--http-uds", &socket], format!("http+unix:{socket}")),
        ("grpc", ["--grpc-port", &port], format!("grpc://127.0.0.1:{port}")),
        (
            "http",
            ["--http-port", &port],
            format!("http://127.0.0.1:{port}/health"),
        ),
    ] {
        let server = serve(transport, &flags, "");
        let asked = [&["--transport", transport], &flags[..]].concat();
        assert_eq!(health(&asked, &[]), (Some(0), format!("ok: {place}\n")));
        // The transport is clear from the flag, and from the variable that the server has.
        assert_eq!(health(&flags, &[]).0, Some(0));
        assert_eq!(health(&flags, &[("PLUGINS_TRANSPORT", transport)]).0, Some(0));
        drop(server);
        let (status, said) = health(&asked, &[]);
        assert_eq!(status, Some(1), "{said}");
        assert!(said.starts_with(&format!("error: {place}: ")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        // The address is named once.
        let address = place.split_once(':').unwrap().1;
        let address = address.trim_start_matches("//").trim_end_matches("/health");
        assert_eq!(said.matches(address).count(), 1, "{said}");
    }
}

/// The server reads its address in its configuration and environment, and so does the probe.
#[test]
fn it_reads_what_the_server_reads() {
    let port = free_port().unwrap();
    let server = serve(
        "grpc",
        &[],
        &format!("grpc_server_settings: {{host: 0.0.0.0, port: {port}}}\n"),
    );
    let file = server.configuration().display().to_string();
    let variables = [
        ("PLUGINS_CONFIG_PATH", file.as_str()),
        ("PLUGINS_TRANSPORT", "grpc"),
    ];
    assert_eq!(
        health(&[], &variables),
        (Some(0), format!("ok: grpc://127.0.0.1:{port}\n"))
    );
}

#[test]
fn with_tls() {
    let certificates = Certificates::make();
    let file = |name: &str| certificates.directory().join(name).display().to_string();
    let section = |name: &str, port: u16, auth: &str| {
        format!(
            "{name}: {{port: {port}, tls: {{certfile: {}, keyfile: {}, ca_bundle: {}, {auth}}}}}\n",
            file("server.pem"),
            file("server.key"),
            file("authority.pem")
        )
    };
    let asked = |server: &ServerProcess, transport, variables: &[(&str, &str)]| {
        let file = server.configuration().display().to_string();
        health(&["-t", transport, "-c", &file], variables)
    };
    // Without TLS, on the port 1000 above.
    let port = free_port().unwrap().min(60_000);
    let server = serve("http", &[], &section("server_settings", port, "ssl_cert_reqs: 2"));
    let place = format!("http://127.0.0.1:{}/health", port + 1000);
    assert_eq!(asked(&server, "http", &[]), (Some(0), format!("ok: {place}\n")));

    let port = free_port().unwrap();
    let server = serve(
        "grpc",
        &[],
        &section("grpc_server_settings", port, "client_auth: none"),
    );
    let place = format!("grpc+tls://127.0.0.1:{port}");
    assert_eq!(asked(&server, "grpc", &[]), (Some(0), format!("ok: {place}\n")));

    // The certificate of this server is for servers alone.
    let port = free_port().unwrap();
    let server = serve(
        "grpc",
        &[],
        &section("grpc_server_settings", port, "client_auth: require"),
    );
    let (status, said) = asked(&server, "grpc", &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("PLUGINS_GRPC_CLIENT_MTLS_CERTFILE"), "{said}");
    assert!(said.contains("lacks clientAuth"), "{said}");
    let (certificate, key) = (file("client.pem"), file("client.key"));
    let shown = [
        ("PLUGINS_GRPC_CLIENT_MTLS_CERTFILE", certificate.as_str()),
        ("PLUGINS_GRPC_CLIENT_MTLS_KEYFILE", key.as_str()),
    ];
    assert_eq!(
        asked(&server, "grpc", &shown),
        (Some(0), format!("ok: grpc+tls://127.0.0.1:{port}\n"))
    );
}

/// What switches TLS on for the server does so for the probe and for the gateway's stanza.
#[test]
fn with_tls_by_flags() {
    let certificates = Certificates::make();
    let file = |name: &str| certificates.directory().join(name).display().to_string();
    let (certificate, key, authority) = (file("both.pem"), file("both.key"), file("authority.pem"));
    let port = free_port().unwrap().min(60_000);
    let number = port.to_string();
    for (transport, whether, place, word) in [
        (
            "grpc",
            "--grpc-tls-client-auth=require",
            format!("grpc+tls://127.0.0.1:{port}"),
            "ca_bundle:",
        ),
        (
            "http",
            "--http-tls-cert-reqs=2",
            format!("http://127.0.0.1:{}/health", port + 1000),
            "https://",
        ),
    ] {
        let flag = |name: &str| format!("--{transport}-{name}");
        let [port, tls, certfile, keyfile, ca_bundle] =
            ["port", "tls", "tls-certfile", "tls-keyfile", "tls-ca-bundle"].map(flag);
        let flags = [
            &port,
            &*number,
            &certfile,
            &certificate,
            &keyfile,
            &key,
            &ca_bundle,
            &authority,
            whether,
        ];
        let server = serve(transport, &flags, "");
        assert_eq!(health(&flags, &[]), (Some(0), format!("ok: {place}\n")));
        let (_, stanza) = run(PROGRAM, &[&["gateway-config"], &flags[..]].concat(), &[]);
        assert!(stanza.contains(word), "{stanza}");
        drop(server);

        // The switch decides, whatever else is said.
        let tls_off = format!("{tls}=false");
        let off = [&flags[..], &[&tls_off]].concat();
        let server = serve(transport, &off, "");
        let plain = format!("{transport}://127.0.0.1:{number}");
        let (status, said) = health(&off, &[]);
        assert_eq!(status, Some(0), "{said}");
        assert!(said.contains(&format!("ok: {plain}")), "{said}");
        let warned = said_about_tls(&server);
        assert!(warned.contains("TLS is set up, but not switched on"), "{warned}");
        drop(server);

        // The files may come from elsewhere.
        let prefix = if transport == "grpc" {
            "PLUGINS_GRPC_SERVER_SSL_"
        } else {
            "PLUGINS_SERVER_SSL_"
        };
        let variable = |name: &str| prefix.to_owned() + name;
        let [certfile, keyfile, ca_certs] = ["CERTFILE", "KEYFILE", "CA_CERTS"].map(variable);
        let variables = [
            (&*certfile, &*certificate),
            (&keyfile, &key),
            (&ca_certs, &authority),
        ];
        let by_switch = [&*port, &number, &tls];
        let server = ServerProcess::start_with(PROGRAM, CONFIGURATION, |command| {
            command
                .env("PLUGINS_TRANSPORT", transport)
                .envs(variables)
                .args(by_switch);
        })
        .unwrap();
        assert_eq!(
            health(&by_switch, &variables),
            (Some(0), format!("ok: {place}\n"))
        );
        drop(server);
    }
}

fn said_about_tls(server: &ServerProcess) -> String {
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains("TLS"));
    lines.collect::<Vec<_>>().join("\n")
}

/// With a certificate for both ends, or where none is needed, nothing has to be named.
#[test]
fn with_tls_and_no_certificate_of_its_own() {
    let certificates = Certificates::make();
    let file = |name: &str| certificates.directory().join(name).display().to_string();
    for (name, client_auth) in [("both", "require"), ("server", "optional")] {
        let port = free_port().unwrap();
        let section = format!(
            "grpc_server_settings: {{port: {port}, tls: {{certfile: {}, keyfile: {}, ca_bundle: {}, client_auth: {client_auth}}}}}",
            file(&format!("{name}.pem")),
            file(&format!("{name}.key")),
            file("authority.pem")
        );
        let server = serve("grpc", &[], &section);
        let configuration = server.configuration().display().to_string();
        assert_eq!(
            health(&["-t", "grpc", "-c", &configuration], &[]),
            (Some(0), format!("ok: grpc+tls://127.0.0.1:{port}\n")),
            "{client_auth}"
        );
    }
}

/// The certificates that a generated project makes for itself.
#[test]
fn with_the_certificates_of_the_template() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../templates/plugin-full/tls/certificates.sh"
    );
    let copy = directory.path().join("certificates.sh");
    std::fs::copy(script, &copy).unwrap();
    let made = std::process::Command::new("sh").arg(&copy).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let file = |name: &str| directory.path().join(name).display().to_string();
    let port = free_port().unwrap();
    let section = format!(
        "grpc_server_settings: {{host: localhost, port: {port}, tls: {{certfile: {}, keyfile: {}, ca_bundle: {}}}}}",
        file("server.pem"),
        file("server.key"),
        file("authority.pem")
    );
    let server = serve("grpc", &[], &section);
    let configuration = server.configuration().display().to_string();
    let asked = ["-t", "grpc", "-c", &configuration];
    let well = (Some(0), format!("ok: grpc+tls://localhost:{port}\n"));
    assert_eq!(health(&asked, &[]), well);
    let (certificate, key) = (file("client.pem"), file("client.key"));
    let shown = [
        ("PLUGINS_GRPC_CLIENT_MTLS_CERTFILE", certificate.as_str()),
        ("PLUGINS_GRPC_CLIENT_MTLS_KEYFILE", key.as_str()),
    ];
    assert_eq!(health(&asked, &shown), well);
}

/// Something that accepts and says nothing must not hold up a probe.
#[test]
fn it_ends_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = silent.accept() {
            kept.push(stream);
        }
    });
    for (transport, flag) in [("grpc", "--grpc-port"), ("http", "--http-port")] {
        let begun = Instant::now();
        let (status, said) = health(&["-t", transport, flag, &port, "--timeout", "0.3"], &[]);
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains("0.3 s"), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

#[test]
fn what_cannot_be_asked_is_said() {
    for (flags, expected) in [
        (&["-t", "stdio"][..], "belongs to the gateway that started it"),
        (&["-t", "grpc", "--grpc-port", "0"], "name it with --grpc-port"),
        (
            &["-t", "grpc", "--grpc-host", "fe80::1%eth0"],
            "the host fe80::1%eth0 has a zone, which a request can't name: ask another address of the server with --grpc-host",
        ),
        (
            &["-t", "http", "--http-host", "[fe80::1%eth0]"],
            "the host [fe80::1%eth0] has a zone, which a request can't name: ask another address of the server with --http-host",
        ),
        (
            &["-t", "http", "--http-port", "x"],
            "--http-port: \"x\" is not valid",
        ),
    ] {
        let (status, said) = health(flags, &[]);
        assert_eq!(status, Some(1), "{flags:?}: {said}");
        assert!(said.contains(expected), "{flags:?}: {said}");
    }
    let (status, said) = health(&["--timeout", "soon"], &[]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("seconds from 0.001"), "{said}");
}

/// Another program at the port is not a server that is well.
#[test]
fn another_program_is_not_taken_for_the_server() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = other.accept() {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = std::io::Write::write_all(
                &mut stream,
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            );
        }
    });
    let (status, said) = health(&["-t", "http", "--http-port", &port], &[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("404 Not Found; something else"), "{said}");
}
