//! `check` for a server over gRPC.

use std::fs;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use crate::{
    certificates::Certificates,
    command_line::{assert_wrong, check},
};

const SECTION: &str = "grpc_server_settings";

#[test]
fn check_finds_what_is_wrong_with_files_of_tls() {
    let certificates = Certificates::make();
    let directory = certificates.directory();
    let path = |name: &str| directory.join(name).display().to_string();
    let mut past = CertificateParams::new(["localhost".to_owned()]).unwrap();
    past.not_after = date_time_ymd(2020, 1, 1);
    let key = KeyPair::generate().unwrap();
    fs::write(path("past.pem"), past.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(path("past.key"), key.serialize_pem()).unwrap();
    fs::write(path("broken.pem"), "-----BEGIN CERTIFICATE-----\nhalf").unwrap();
    fs::create_dir(path("directory.pem")).unwrap();

    let tls = |certfile: &str, keyfile: &str, ca_bundle: &str| {
        let [certfile, keyfile, ca_bundle] = [certfile, keyfile, ca_bundle].map(&path);
        check(
            SECTION,
            &format!("{{tls: {{certfile: {certfile}, keyfile: {keyfile}, ca_bundle: {ca_bundle}}}}}"),
        )
    };
    let (status, text) = tls("server.pem", "server.key", "authority.pem");
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("ok: plugin Faults"), "{text}");

    for (files, key, file) in [
        (
            ["nowhere.pem", "server.key", "authority.pem"],
            "certfile",
            "nowhere.pem",
        ),
        (
            ["server.pem", "nowhere.key", "authority.pem"],
            "keyfile",
            "nowhere.key",
        ),
        (
            ["server.pem", "server.key", "nowhere.pem"],
            "ca_bundle",
            "nowhere.pem",
        ),
        (
            ["directory.pem", "server.key", "authority.pem"],
            "certfile",
            "directory.pem",
        ),
        (
            ["server.pem", "directory.pem", "authority.pem"],
            "keyfile",
            "directory.pem",
        ),
        (
            ["server.pem", "server.key", "directory.pem"],
            "ca_bundle",
            "directory.pem",
        ),
        (
            ["broken.pem", "server.key", "authority.pem"],
            "certfile",
            "broken.pem",
        ),
        (
            ["server.pem", "broken.pem", "authority.pem"],
            "keyfile",
            "broken.pem",
        ),
        (["past.pem", "past.key", "authority.pem"], "certfile", "past.pem"),
        (
            ["authority.pem", "authority.key", "authority.pem"],
            "certfile",
            "authority.pem",
        ),
        (
            ["client.pem", "client.key", "authority.pem"],
            "certfile",
            "client.pem",
        ),
        (
            ["server.pem", "client.key", "authority.pem"],
            "keyfile",
            "client.key",
        ),
        (["server.pem", "server.key", "past.pem"], "ca_bundle", "past.pem"),
    ] {
        let [certfile, keyfile, ca_bundle] = files;
        let (status, text) = tls(certfile, keyfile, ca_bundle);
        assert_eq!(status, Some(1), "{files:?}: {text}");
        let errors: Vec<_> = text.lines().filter(|line| line.starts_with("error: ")).collect();
        let [error] = errors.as_slice() else {
            panic!("{files:?}: {text}")
        };
        assert!(
            error.contains(key) && error.contains(&path(file)),
            "{files:?}: {error}"
        );
    }
}

#[test]
fn check_finds_settings_that_exclude_each_other_or_are_not_complete() {
    let certificates = Certificates::make();
    let path = |name: &str| certificates.directory().join(name).display().to_string();
    let (certificate, key) = (path("server.pem"), path("server.key"));
    for (section, said) in [
        (
            format!(
                "{{uds: /tmp/g.sock, tls: {{certfile: {certificate}, keyfile: {key}, client_auth: none}}}}"
            ),
            &["/tmp/g.sock", "exclude each other", "uds", "tls"][..],
        ),
        (format!("{{tls: {{certfile: {certificate}}}}}"), &["keyfile"]),
        (format!("{{tls: {{keyfile: {key}}}}}"), &["certfile"]),
        (
            format!("{{tls: {{certfile: {certificate}, keyfile: {key}}}}}"),
            &["ca_bundle"],
        ),
        (
            format!("{{tls: {{certfile: {certificate}, keyfile: {key}, client_auth: sometimes}}}}"),
            &[
                "plugins.yaml:2",
                "client_auth",
                "sometimes",
                "none, optional or require",
            ],
        ),
        (
            "{uds: /nowhere/g.sock}".to_owned(),
            &["/nowhere", "PLUGINS_GRPC_SERVER_UDS"],
        ),
        (
            "{uds_mode: \"0400\"}".to_owned(),
            &["plugins.yaml:2", "uds_mode", "0400"],
        ),
        (
            "{port: 70000}".to_owned(),
            &["plugins.yaml:2", "grpc_server_settings.port", "70000"],
        ),
        (
            "{prot: 1}".to_owned(),
            &["plugins.yaml:2", "prot", "did you mean \"port\"?"],
        ),
        ("{tls: }".to_owned(), &["plugins.yaml:2", "tls", "is empty"]),
        ("{tls: {}}".to_owned(), &["certfile (…_SSL_CERTFILE) is missing"]),
        (
            "{tls: true}".to_owned(),
            &["certfile (…_SSL_CERTFILE) is missing"],
        ),
        (
            "{host: 0}".to_owned(),
            &["plugins.yaml:2", "host", "an address in full"],
        ),
        (
            "{tls: {certificate: a}}".to_owned(),
            &["plugins.yaml:2", "certificate"],
        ),
    ] {
        assert_wrong(SECTION, &section, said);
    }
}
