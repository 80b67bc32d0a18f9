//! Keys with a password, as openssl makes them.

use super::{
    super::{Tls, TlsSettings},
    support::{Files, meet, openssl},
};

/// Files whose key was encrypted by this openssl command, which reads `server.key` and writes `encrypted.key`.
fn encrypted(command: &str) -> (Files, TlsSettings) {
    let files = Files::new();
    let arguments: Vec<_> = command.split_whitespace().collect();
    let output = openssl(files.directory(), &arguments);
    assert!(
        output.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut settings = files.settings();
    settings.keyfile = files.path("encrypted.key");
    (files, settings)
}

const IN_OUT: &str = "-in server.key -out encrypted.key -passout pass:secret";

#[tokio::test]
async fn every_current_way_to_encrypt_a_key_is_read() {
    for command in [
        "pkey -aes256",
        "pkey -aes128",
        "pkcs8 -topk8",
        "pkcs8 -topk8 -v2 aes256",
        "pkcs8 -topk8 -v2 aes128 -v2prf hmacWithSHA1",
        "pkcs8 -topk8 -v2 aes256 -v2prf hmacWithSHA512",
        "pkcs8 -topk8 -v2 aes-192-cbc -iter 10000",
        "pkcs8 -topk8 -scrypt",
        // What `openssl req -newkey` makes.
        "pkcs8 -topk8 -v2 des3",
    ] {
        let (files, settings) = encrypted(&format!("{command} {IN_OUT}"));
        let tls = Tls::load(settings.with_keyfile_password("secret"), &["h2"]).expect(command);
        let seen = meet(&tls, &files.client()).await;
        assert_eq!(seen.expect(command), files.server.der());
    }
}

#[test]
fn a_missing_password_is_asked_for() {
    let (files, settings) = encrypted(&format!("pkey -aes256 {IN_OUT}"));
    let expected =
        "keyfile: encrypted.key is encrypted: give its password in keyfile_password (…_SSL_KEYFILE_PASSWORD)";
    assert_eq!(files.refusal(settings.clone()), expected);
    assert_eq!(files.refusal(settings.with_keyfile_password("")), expected);
}

/// Often enough that some wrong password leaves padding that happens to be right.
#[test]
fn a_wrong_password_is_said_to_be_wrong() {
    let (files, settings) = encrypted(&format!("pkcs8 -topk8 -iter 1 {IN_OUT}"));
    for attempt in 0..1000 {
        let settings = settings.clone().with_keyfile_password(format!("guess {attempt}"));
        assert_eq!(
            files.refusal(settings),
            "keyfile: encrypted.key can't be decrypted: keyfile_password (…_SSL_KEYFILE_PASSWORD) is not its password"
        );
    }
}

#[test]
fn a_password_for_a_plain_key_does_no_harm() {
    let files = Files::new();
    assert!(Tls::load(files.settings().with_keyfile_password("secret"), &["h2"]).is_ok());
}

#[test]
fn old_ways_to_encrypt_a_key_are_refused_with_the_way_out() {
    let convert = "convert it with `openssl pkcs8 -topk8 -v2 aes256 -in encrypted.key -out NEW.pem`";
    for (command, problem) in [
        (
            "pkey -traditional -aes256",
            "is encrypted in the old OpenSSL format, which is too weak: ",
        ),
        (
            "pkcs8 -topk8 -v1 PBE-SHA1-3DES",
            "is encrypted in a way that is not supported (",
        ),
    ] {
        let (files, settings) = encrypted(&format!("{command} {IN_OUT}"));
        let message = files.refusal(settings.with_keyfile_password("secret"));
        assert!(
            message.starts_with(&format!("keyfile: encrypted.key {problem}")),
            "{message}"
        );
        assert!(message.ends_with(convert), "{message}");
    }
}

/// The command in the message does what the message says.
#[test]
fn the_way_out_works() {
    let (files, mut settings) = encrypted(&format!("pkey -traditional -aes256 {IN_OUT}"));
    let converted =
        "pkcs8 -topk8 -v2 aes256 -in encrypted.key -out NEW.pem -passin pass:secret -passout pass:secret";
    assert!(
        openssl(files.directory(), &converted.split(' ').collect::<Vec<_>>())
            .status
            .success()
    );
    settings.keyfile = files.path("NEW.pem");
    assert!(Tls::load(settings.with_keyfile_password("secret"), &["h2"]).is_ok());
}

/// As editors on Windows leave it.
#[test]
fn other_line_ends_do_no_harm() {
    let (files, settings) = encrypted(&format!("pkey -aes256 {IN_OUT}"));
    let key = std::fs::read_to_string(files.path("encrypted.key")).unwrap();
    files.write(
        "encrypted.key",
        &format!("A comment.\r\n{}\r\n", key.replace('\n', "\r\n")),
    );
    files.write("server.pem", &files.server.certificate.replace('\n', "\r\n"));
    assert!(Tls::load(settings.with_keyfile_password("secret"), &["h2"]).is_ok());
}

#[test]
fn a_half_written_encrypted_key_is_damaged() {
    let (files, settings) = encrypted(&format!("pkey -aes256 {IN_OUT}"));
    let whole = std::fs::read_to_string(files.path("encrypted.key")).unwrap();
    files.write("encrypted.key", &whole[..whole.len() - 40]);
    let message = files.refusal(settings.with_keyfile_password("secret"));
    assert!(message.contains("is damaged or only half written"), "{message}");
}
