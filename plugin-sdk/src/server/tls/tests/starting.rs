//! What a server does not start with, and what it says then.

use std::fs;

use super::{
    super::{ClientAuth, Tls, TlsSettings},
    support::{Authority, Client, Files, When, meet},
};

pub(super) fn assert_refused(files: &Files, settings: TlsSettings, expected: &str) {
    assert_eq!(files.refusal(settings), expected);
}

#[test]
fn client_certificates_need_authorities() {
    let files = Files::new();
    let settings = TlsSettings::new(files.path("server.pem"), files.path("server.key"));
    assert_refused(
        &files,
        settings.clone(),
        "ca_bundle (…_SSL_CA_CERTS) is missing: client certificates are to be checked against the authorities in that \
         file (require); for TLS without client certificates set client_auth to none, or ssl_cert_reqs to 0",
    );
    let optional = files.refusal(settings.clone().with_client_auth(ClientAuth::Optional));
    assert!(optional.contains("in that file (optional)"), "{optional}");
    assert!(Tls::load(settings.with_client_auth(ClientAuth::None), &[]).is_ok());
}

#[test]
fn tls_that_is_switched_on_needs_a_certificate_and_a_key() {
    let settings = |certfile: Option<&str>, keyfile: Option<&str>| {
        TlsSettings::switched_on(certfile.map(Into::into), keyfile.map(Into::into))
    };
    assert_eq!(settings(Some("a"), Some("b")), Ok(TlsSettings::new("a", "b")));
    assert_eq!(
        settings(None, Some("b")).unwrap_err().to_string(),
        "certfile (…_SSL_CERTFILE) is missing: TLS is switched on and needs a certificate and its key; to serve without TLS, \
         leave out the flags of TLS, the tls section and …_SSL_ENABLED",
    );
    let keyless = settings(Some("a"), None).unwrap_err().to_string();
    assert!(
        keyless.starts_with("keyfile (…_SSL_KEYFILE) is missing: "),
        "{keyless}"
    );
}

#[test]
fn authorities_that_are_not_used_must_be_there() {
    let files = Files::new();
    let settings = files
        .settings()
        .with_ca_bundle(files.path("none.pem"))
        .with_client_auth(ClientAuth::None);
    assert!(
        files
            .refusal(settings)
            .starts_with("ca_bundle: none.pem does not exist")
    );
}

#[test]
fn a_missing_file_is_named() {
    for (name, expected) in [
        (
            "server.pem",
            "certfile: server.pem does not exist: name a readable PEM file with the server's certificate",
        ),
        (
            "server.key",
            "keyfile: server.key does not exist: name a readable PEM file with the private key of the server's certificate",
        ),
        (
            "ca.pem",
            "ca_bundle: ca.pem does not exist: name a readable PEM file with the certificate authorities of the clients",
        ),
    ] {
        let files = Files::new();
        fs::remove_file(files.path(name)).unwrap();
        assert_refused(&files, files.settings(), expected);
    }
}

#[test]
fn what_is_no_file_is_not_read() {
    let files = Files::new();
    fs::remove_file(files.path("server.key")).unwrap();
    fs::create_dir(files.path("server.key")).unwrap();
    assert!(
        files
            .refusal(files.settings())
            .contains("server.key is not a regular file")
    );
    // Reading it would not end.
    let endless = TlsSettings::new("/dev/zero", files.path("server.key")).with_client_auth(ClientAuth::None);
    assert!(files.refusal(endless).contains("/dev/zero is not a regular file"));
    files.write("server.pem", &"x".repeat(5 << 20));
    assert!(
        files
            .refusal(files.settings())
            .contains("server.pem is larger than 4 MiB")
    );
}

#[test]
fn mixed_up_files_are_noticed() {
    let files = Files::new();
    let mixed_up = TlsSettings::new(files.path("server.key"), files.path("server.pem"));
    assert_refused(
        &files,
        mixed_up.clone().with_client_auth(ClientAuth::None),
        "certfile: server.key has no block BEGIN CERTIFICATE, only PRIVATE KEY: name another file",
    );
    files.write("server.key", &files.server.certificate);
    assert_refused(
        &files,
        files.settings(),
        "keyfile: server.key has no block BEGIN PRIVATE KEY, only CERTIFICATE: name another file",
    );
    files.write("ca.pem", "# nothing yet\n");
    assert_refused(
        &files,
        files.settings(),
        "ca_bundle: ca.pem has no block BEGIN CERTIFICATE, it has no PEM block at all: name another file",
    );
}

#[test]
fn der_files_are_recognised() {
    let files = Files::new();
    fs::write(files.path("server.pem"), files.server.der()).unwrap();
    let message = files.refusal(files.settings());
    assert!(
        message.contains("it looks like DER: convert it with `openssl x509 -inform der -in server.pem"),
        "{message}"
    );
}

#[test]
fn damaged_files_are_told_from_empty_ones() {
    let files = Files::new();
    let half = &files.server.certificate[..files.server.certificate.len() / 2];
    files.write("server.pem", half);
    assert_refused(
        &files,
        files.settings(),
        "certfile: server.pem is damaged or only half written, its last block has no END line: write it again",
    );
    files.write(
        "server.pem",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    );
    assert!(files.refusal(files.settings()).contains("a block is not base64"));
    files.write(
        "server.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let message = files.refusal(files.settings());
    assert!(
        message.contains("certificate 1 in it is not an X.509 certificate"),
        "{message}"
    );

    files.write("server.pem", &files.server.certificate);
    files.write(
        "server.key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    let message = files.refusal(files.settings());
    assert!(
        message.starts_with("keyfile: server.key has a key that is damaged or not supported"),
        "{message}"
    );
}

#[test]
fn certificates_out_of_their_time_are_refused() {
    let files = Files::new();
    files.write_server(&files.authority.server(When::Past));
    assert_refused(
        &files,
        files.settings(),
        "certfile: server.pem has expired on 2021-01-01T00:00:00Z: renew the certificate",
    );
    files.write_server(&files.authority.server(When::Future));
    assert_refused(
        &files,
        files.settings(),
        "certfile: server.pem is not valid before 2140-01-01T00:00:00Z: wait until then, use another certificate, or set the \
         clock right",
    );
}

#[tokio::test]
async fn an_authority_out_of_its_time_is_left_out() {
    let files = Files::new();
    let old = Authority::valid("old", When::Past);
    files.write("ca.pem", &old.certificate);
    assert_refused(
        &files,
        files.settings(),
        "ca_bundle: ca.pem has no certificate that is valid at this time: add the current certificate authority of the clients",
    );
    files.write(
        "ca.pem",
        &format!("{}{}", old.certificate, files.authority.certificate),
    );
    let tls = files.load();
    assert!(meet(&tls, &files.client()).await.is_ok());
    let of_old = Client::new(&files.authority, &old.client(When::Now));
    assert!(meet(&tls, &of_old).await.is_err());
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let files = Files::new();
    files.write("server.key", &files.authority.server(When::Now).key);
    assert_refused(
        &files,
        files.settings(),
        "keyfile: server.key is not the key of the certificate in certfile: server.pem: name the two that belong together, \
         the server's own certificate first in its file",
    );
}

#[test]
fn certificate_and_key_may_share_a_file() {
    let files = Files::new();
    files.write(
        "both.pem",
        &format!("{}{}", files.server.key, files.server.certificate),
    );
    let settings =
        TlsSettings::new(files.path("both.pem"), files.path("both.pem")).with_client_auth(ClientAuth::None);
    assert!(Tls::load(settings, &[]).is_ok());
}
