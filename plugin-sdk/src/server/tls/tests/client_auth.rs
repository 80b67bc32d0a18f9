//! Which clients need a certificate.

use super::{
    super::{ClientAuth, Tls},
    support::Files,
};

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
