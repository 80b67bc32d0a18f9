//! Which clients get in, and what is said of those that don't.

use std::io::Write;

use super::{Client, Files};

/// Every setting against every kind of client, in both versions of TLS.
#[test]
fn clients_get_in_as_configured() {
    let files = Files::new();
    let clients = [
        ("no certificate", files.client()),
        ("good", files.client_with("client")),
        ("of another authority", files.client_with("client-of-another")),
        (
            "of an authority of the same name",
            files.client_with("client-of-namesake"),
        ),
        ("expired", files.client_with("client-expired")),
        ("not yet valid", files.client_with("client-not-yet")),
        ("meant for servers", files.client_with("client-for-servers")),
    ];
    for (required, welcomes) in [
        (0, None),
        (1, Some(&["no certificate", "good"][..])),
        (2, Some(&["good"])),
    ] {
        let server = files.serve(&format!(", ssl_cert_reqs: {required}"), "");
        let mut refused = 0;
        for (name, client) in &clients {
            let welcome = welcomes.is_none_or(|welcomes| welcomes.contains(name));
            for client in [client.clone(), client.clone().with_tls12()] {
                let seen = client.visit(&server);
                assert_eq!(seen.is_ok(), welcome, "{required}, {name}: {seen:?}");
                if let Err(error) = seen {
                    refused += 1;
                    assert!(
                        error.to_string().contains("received fatal alert"),
                        "{name}: {error}"
                    );
                }
            }
        }
        let failures = Vec::from_iter((refused > 0).then(|| ("certificate".to_owned(), refused)));
        assert_eq!(server.failures(), failures, "{required}");
    }
}

#[test]
fn the_reason_of_a_refusal_is_said() {
    let files = Files::new();
    let server = files.serve("", "");
    let stranger = Client {
        authority: files.der("other-authority"),
        ..files.client()
    };
    for (client, reason) in [
        (
            files.client(),
            "the client sent no certificate, and one is required",
        ),
        (
            files.client_with("client-of-another"),
            "no authority in ca_bundle has signed it",
        ),
        (files.client_with("client-expired"), "it has expired"),
        (files.client_with("client-for-servers"), "lacks clientAuth"),
        (stranger, "the client does not accept this server's certificate ("),
    ] {
        assert!(client.visit(&server).is_err(), "{reason}");
        assert!(
            server.process.logs(reason, 1),
            "{reason}: {}",
            server.process.log()
        );
    }
    let mut plain = server.connect();
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    assert!(server.process.logs("the client does not speak TLS", 1));
}
