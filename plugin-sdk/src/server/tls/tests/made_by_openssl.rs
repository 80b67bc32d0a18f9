//! Certificates and keys that openssl makes: those that are served, and those that are refused.

use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

use super::{
    super::Tls,
    starting::assert_refused,
    support::{Files, When, meet, openssl},
};

#[tokio::test]
async fn every_common_kind_of_key_is_served() {
    let files = Files::new();
    for algorithm in [&PKCS_ED25519, &PKCS_ECDSA_P384_SHA384] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        files.write_server(&files.authority.server_with_key(When::Now, &key));
        let seen = meet(&files.load(), &files.client()).await;
        assert!(seen.is_ok(), "{seen:?}");
    }
    // As openssl writes them: RSA in both formats, and an elliptic curve with its parameters in front of the key.
    for command in [
        "genrsa -out server.key 2048",
        "genrsa -out server.key 3072",
        "genrsa -out server.key 4096",
        "genrsa -traditional -out server.key 2048",
        "ecparam -name prime256v1 -genkey -out server.key",
        "ecparam -name secp384r1 -genkey -noout -out server.key",
        "genpkey -algorithm ed25519 -out server.key",
    ] {
        run_openssl(&files, command);
        run_openssl(&files, &format!("req -new -key server.key {SELF_SIGNED}"));
        let loaded = Tls::load(files.settings(), &["h2"]);
        assert!(loaded.is_ok(), "{command}: {:?}", loaded.err());
    }
}

/// The command that is in the message about authorities.
const SELF_SIGNED: &str =
    "-x509 -addext basicConstraints=critical,CA:FALSE -subj /CN=localhost -out server.pem";

#[track_caller]
fn run_openssl(files: &Files, command: &str) {
    let output = openssl(files.directory(), &command.split(' ').collect::<Vec<_>>());
    assert!(output.status.success(), "{command}: {output:?}");
}

/// One command makes a certificate, and a key with a password.
#[test]
fn what_openssl_req_makes_is_served() {
    let files = Files::new();
    run_openssl(
        &files,
        &format!("req -newkey rsa:2048 -passout pass:secret -keyout server.key {SELF_SIGNED}"),
    );
    assert!(Tls::load(files.settings().with_keyfile_password("secret"), &["h2"]).is_ok());
}

#[test]
fn a_certificate_of_an_authority_is_refused() {
    let files = Files::new();
    run_openssl(
        &files,
        "req -x509 -newkey rsa:2048 -nodes -keyout server.key -subj /CN=localhost -out server.pem",
    );
    assert_refused(
        &files,
        files.settings(),
        "certfile: server.pem is the certificate of an authority (CA:TRUE), which is not for a server: name one that the \
         authority has signed; a self-signed one is made with `openssl req -x509 -addext basicConstraints=critical,CA:FALSE`",
    );
}

#[test]
fn a_certificate_whose_key_is_for_no_handshake_is_refused() {
    let files = Files::new();
    let with_usage = |usage: &str| {
        run_openssl(
            &files,
            &format!("req -new -key server.key {SELF_SIGNED} -addext keyUsage={usage}"),
        );
    };
    with_usage("keyCertSign");
    assert_refused(
        &files,
        files.settings(),
        "certfile: server.pem is not for TLS, its key usage has none of digitalSignature, keyEncipherment and keyAgreement: name \
         another, or have one made with digitalSignature",
    );
    for usage in ["digitalSignature", "keyEncipherment,keyCertSign"] {
        with_usage(usage);
        assert!(Tls::load(files.settings(), &["h2"]).is_ok(), "{usage}");
    }
}

#[test]
fn a_certificate_for_clients_alone_is_refused() {
    let files = Files::new();
    files.write_server(&files.authority.client(When::Now));
    assert_refused(
        &files,
        files.settings(),
        "certfile: server.pem is not the server's certificate, its extended key usage lacks serverAuth: name another, or have \
         one made with it",
    );
    for usage in ["anyExtendedKeyUsage", "clientAuth,serverAuth"] {
        run_openssl(
            &files,
            &format!("req -new -key server.key {SELF_SIGNED} -addext extendedKeyUsage={usage}"),
        );
        assert!(Tls::load(files.settings(), &["h2"]).is_ok(), "{usage}");
    }
}

#[test]
fn a_certificate_of_the_first_version_is_refused() {
    let files = Files::new();
    for command in [
        "req -new -key server.key -subj /CN=localhost -out request.pem",
        "x509 -req -in request.pem -signkey server.key -days 2 -out server.pem",
    ] {
        assert!(
            openssl(files.directory(), &command.split(' ').collect::<Vec<_>>())
                .status
                .success()
        );
    }
    let message = files.refusal(files.settings());
    assert!(
        message.starts_with("certfile: server.pem can't be used for TLS ("),
        "{message}"
    );
    assert!(
        message.ends_with("make an X.509 certificate of version 3"),
        "{message}"
    );
}

#[test]
fn keys_of_other_kinds_are_refused_with_those_that_are_not() {
    let files = Files::new();
    for command in [
        "genrsa -out server.key 1024",
        // More takes openssl a minute.
        "genrsa -out server.key 5120",
        "ecparam -name secp521r1 -genkey -noout -out server.key",
        "genpkey -algorithm ed448 -out server.key",
    ] {
        run_openssl(&files, command);
        assert_refused(
            &files,
            files.settings(),
            "keyfile: server.key has a key that is damaged or not supported: use RSA with 2048 to 4096 bits, ECDSA P-256 or \
             P-384, or Ed25519",
        );
    }
}
