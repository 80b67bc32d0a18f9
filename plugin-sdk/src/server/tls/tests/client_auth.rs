//! Which clients get in.

use super::{
    super::{ClientAuth, HandshakeFailure, Tls},
    support::{Authority, Client, Counted, Files, When, meet, recorder},
};

/// Every setting against every kind of client, in both versions of TLS.
#[tokio::test]
async fn clients_get_in_as_configured() {
    let files = Files::new();
    let nobody = Client::of(&files.authority);
    let clients = [
        ("no certificate", nobody.clone()),
        ("good", nobody.clone().with(&files.authority.client(When::Now))),
        (
            "of another authority",
            nobody.clone().with(&Authority::new("other").client(When::Now)),
        ),
        (
            "of an authority of the same name",
            nobody
                .clone()
                .with(&Authority::new("authority").client(When::Now)),
        ),
        (
            "expired",
            nobody.clone().with(&files.authority.client(When::Past)),
        ),
        (
            "not yet valid",
            nobody.clone().with(&files.authority.client(When::Future)),
        ),
        (
            "meant for servers",
            nobody.clone().with(&files.authority.server(When::Now)),
        ),
    ];
    for client_auth in [ClientAuth::None, ClientAuth::Optional, ClientAuth::Require] {
        let tls = Tls::load(files.settings().with_client_auth(client_auth), &["h2"]).unwrap();
        let recorder = recorder();
        let counted = Counted::here(&recorder);
        let mut refused = 0;
        for (name, client) in &clients {
            let welcome = match client_auth {
                ClientAuth::None => true,
                ClientAuth::Optional => ["no certificate", "good"].contains(name),
                ClientAuth::Require => *name == "good",
            };
            for client in [client.clone(), client.clone().with_tls12()] {
                let (seen, served) = meet(&tls, &client).await;
                assert_eq!(seen.is_ok(), welcome, "{client_auth}, {name}: {seen:?}");
                assert_eq!(served.is_ok(), welcome, "{client_auth}, {name}: {served:?}");
                if let (Err(seen), Err(served)) = (seen, served) {
                    refused += 1;
                    assert_eq!(served.failure, HandshakeFailure::Certificate, "{name}: {served}");
                    assert!(
                        seen.to_string().contains("received fatal alert"),
                        "{name}: {seen}"
                    );
                }
            }
        }
        assert_eq!(counted.of(HandshakeFailure::Certificate), refused);
        assert_eq!(counted.total(), refused);
    }
}

#[tokio::test]
async fn the_reason_of_a_refusal_is_said() {
    let files = Files::new();
    let tls = files.load();
    let nobody = Client::of(&files.authority);
    let clients = [
        (
            nobody.clone(),
            "the client sent no certificate, and one is required",
        ),
        (
            nobody.clone().with(&Authority::new("other").client(When::Now)),
            "no authority in ca_bundle has signed it",
        ),
        (
            nobody.clone().with(&files.authority.client(When::Past)),
            "it has expired",
        ),
        (
            nobody.with(&files.authority.server(When::Now)),
            "lacks clientAuth",
        ),
        (
            Client::of(&Authority::new("other")),
            "the client does not accept this server's certificate",
        ),
    ];
    for (client, reason) in clients {
        let (_, served) = meet(&tls, &client).await;
        let message = served.unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
}

/// A session that is resumed would not check the certificate again.
#[tokio::test]
async fn a_client_with_a_certificate_gets_no_ticket() {
    let files = Files::new();
    for (client_auth, tickets) in [(ClientAuth::None, true), (ClientAuth::Require, false)] {
        let tls = Tls::load(files.settings().with_client_auth(client_auth), &["h2"]).unwrap();
        let config = tls.shared.current.borrow().clone();
        assert_eq!(config.session_storage.can_cache(), tickets);
        assert_eq!(config.send_tls13_tickets > 0, tickets);
    }
}

#[test]
fn client_auth_is_read_in_any_case() {
    for (text, expected) in [
        ("none", ClientAuth::None),
        ("Optional", ClientAuth::Optional),
        (" REQUIRE ", ClientAuth::Require),
    ] {
        assert_eq!(text.parse::<ClientAuth>(), Ok(expected));
        assert_eq!(expected.to_string().parse::<ClientAuth>(), Ok(expected));
    }
    for (number, expected) in [
        (0, ClientAuth::None),
        (1, ClientAuth::Optional),
        (2, ClientAuth::Require),
    ] {
        assert_eq!(ClientAuth::from_cert_reqs(number), Ok(expected));
    }
    let wrong = "required".parse::<ClientAuth>().unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "client_auth: \"required\" is not none, optional or require"
    );
    let wrong = ClientAuth::from_cert_reqs(3).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "ssl_cert_reqs: 3 is not 0 (none), 1 (optional) or 2 (required)"
    );
}

#[test]
fn the_password_is_not_shown() {
    let settings = super::super::TlsSettings::new("a", "b").with_keyfile_password("secret");
    assert!(!format!("{settings:?}").contains("secret"));
}
