//! Handshakes: what is agreed on, how long they may take, and that none holds up another.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

use super::{Client, Files, Server};

#[test]
fn the_protocol_is_agreed_on() {
    let files = Files::new();
    for (names, agreed, other) in [
        (["http", "server_settings"], "http/1.1", "h2"),
        (["grpc", "grpc_server_settings"], "h2", "http/1.1"),
    ] {
        let server = files.serve_over(names, "", "");
        let with = |protocol| Client {
            protocol,
            ..files.client_with("client")
        };
        let shake_hands = |protocol| {
            let mut stream = with(protocol).begin(&server);
            stream.conn.complete_io(&mut stream.sock)?;
            std::io::Result::Ok(stream.conn.alpn_protocol().map(Vec::from))
        };
        assert_eq!(shake_hands(agreed).unwrap().as_deref(), Some(agreed.as_bytes()));
        assert!(shake_hands(other).is_err(), "{other}");
        assert!(
            server.process.logs("reason=\"protocol\"", 1),
            "{}",
            server.process.log()
        );
    }
}

/// As health checks of load balancers do.
#[test]
fn a_client_that_only_connects_is_told_apart() {
    let server = Files::new().serve("", "");
    drop(server.connect());
    assert!(server.process.logs("TLS handshake failed", 1));
    assert_eq!(server.failures(), [("disconnected".to_owned(), 1)]);
}

#[test]
fn a_handshake_takes_no_longer_than_it_may() {
    let server = Files::new().serve("", ", handshake_timeout: 0.1");
    let mut stream = server.connect();
    // The beginning of a handshake, and never the rest.
    stream.write_all(&[0x16, 0x03, 0x01]).unwrap();
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
    assert!(server.process.logs("the client did not finish within 100ms", 1));
    assert_eq!(server.failures(), [("timeout".to_owned(), 1)]);
}

#[test]
fn slow_clients_hold_up_nobody() {
    let files = Files::new();
    // Longer than anybody waits here.
    let server = files.serve("", ", handshake_timeout: 60");
    let _slow: Vec<_> = (0..50).map(|_| server.connect()).collect();
    files.client_with("client").visit(&server).unwrap();
}

/// What the program prints.
fn s_client(files: &Files, server: &Server, options: &str) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &server.address, "-CAfile", "ca.pem"])
        .arg("-verify_return_error")
        .args(options.split_whitespace())
        .current_dir(&files.directory)
        .stdin(Stdio::null())
        .output()
        .expect("the tests of TLS need the program openssl");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn openssl_gets_in_with_tls_12_and_13_and_not_with_older() {
    let files = Files::new();
    files.write(
        "client.pem",
        &(files.read("client.pem") + &files.read("client.key")),
    );
    let server = files.serve("", "");
    for (version, refused) in [("-tls1_2", 1), ("-tls1_3", 2)] {
        let output = s_client(
            &files,
            &server,
            &format!("{version} -alpn http/1.1 -cert client.pem"),
        );
        assert!(output.contains("ALPN protocol: http/1.1"), "{output}");
        assert!(output.contains("Verify return code: 0 (ok)"), "{output}");

        let output = s_client(&files, &server, version);
        let said = "the client sent no certificate, and one is required";
        assert!(server.process.logs(said, refused), "{version}: {output}");
    }
    for (version, refused) in [("-tls1", 1), ("-tls1_1", 2)] {
        // The client itself would not try without the lower level.
        let options = format!("{version} -cert client.pem -cipher DEFAULT@SECLEVEL=0");
        let output = s_client(&files, &server, &options);
        assert!(output.contains("SSL alert number"), "{output}");
        let said = "the client offers neither TLS 1.2 nor TLS 1.3";
        assert!(server.process.logs(said, refused), "{version}: {output}");
    }
    let mut failures = server.failures();
    // The others got in, and then went without a word.
    failures.retain(|(reason, _)| reason != "abandoned");
    assert_eq!(
        failures,
        [("certificate".to_owned(), 2), ("protocol".to_owned(), 2)]
    );
}
