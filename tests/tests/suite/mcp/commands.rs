//! `check` for a server of MCP over HTTP.

use crate::{
    certificates::Certificates,
    command_line::{assert_wrong, check},
};

const SECTION: &str = "server_settings";

#[test]
fn check_finds_what_keeps_hosts_away() {
    let certificates = Certificates::make();
    let path = |name: &str| certificates.directory().join(name).display().to_string();
    let tls = |certfile: &str| {
        let [certfile, keyfile] = [certfile, "server.key"].map(path);
        format!("tls: {{certfile: {certfile}, keyfile: {keyfile}, ssl_cert_reqs: 0}}")
    };
    let (status, text) = check(
        SECTION,
        &format!("{{allowed_hosts: [a, \"b:*\"], {}}}", tls("server.pem")),
    );
    assert_eq!(status, Some(0), "{text}");

    for (settings, said) in [
        (
            format!("{{uds: /tmp/h.sock, {}}}", tls("server.pem")),
            &["/tmp/h.sock", "exclude each other"][..],
        ),
        (
            format!("{{{}}}", tls("nowhere.pem")),
            &["certfile", "nowhere.pem"],
        ),
        ("{tls: }".to_owned(), &["plugins.yaml:2", "tls", "is empty"]),
        (
            "{host: \"0x0\"}".to_owned(),
            &["plugins.yaml:2", "host", "an address in full"],
        ),
        (
            "{allowed_hosts: [\"http://a\"]}".to_owned(),
            &["allowed_hosts", "http://a"],
        ),
        (
            "{prot: 1}".to_owned(),
            &["plugins.yaml:2", "prot", "did you mean \"port\"?"],
        ),
    ] {
        assert_wrong(SECTION, &settings, said);
    }
}
