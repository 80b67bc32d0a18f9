//! The settings of `server_settings`, which is the MCP server over HTTP.

use super::{
    Settings, Transport,
    kind::{
        Kind::{self, Seconds, Size, Switch},
        Other,
    },
    listen::{self, Server, TlsOptions},
    setting::{Group, Setting},
    values::list,
};
use crate::{
    launch::yaml::{HTTP_SECTION, findings::Findings},
    protocol::health::PORT_DISTANCE,
    server::{listener::ListenSettings, tls::ClientAuth},
    transport::mcp::{is_host_entry, is_origin_entry},
};

pub(super) struct Http;

impl Server for Http {
    const GROUP: &'static Group = &HTTP;

    fn listen(settings: &mut Settings) -> &mut ListenSettings {
        &mut settings.http.listen
    }

    fn tls(settings: &mut Settings) -> &mut TlsOptions {
        &mut settings.http_tls
    }
}

static HTTP: Group = Group {
    heading: Some("MCP over HTTP"),
    server: "MCP",
    transport: Some(Transport::Http),
    section: Some(HTTP_SECTION),
    flags: "http-",
    variables: "PLUGINS_SERVER_",
};

pub(super) static LISTEN: &[Setting] = &listen::settings::<Http>();

#[rustfmt::skip]
pub(super) static SETTINGS: &[Setting] = &[
    HTTP.setting("tls.ssl_cert_reqs", Kind::Other(CERT_REQS), "Whether clients need a certificate: 0 no, 1 optional, 2 required")
        .flag_named("http-tls-cert-reqs").variable("SSL_CERT_REQS"),
    HTTP.setting("allowed_hosts", Kind::Other(HOSTS),
        "Names in the Host header besides those of the address: NAME, NAME:PORT, NAME:* for any port; * for all"),
    HTTP.setting("allowed_origins", Kind::Other(ORIGINS),
        "Values of an Origin header besides those of the address; * for all"),
    HTTP.setting("max_header_size", Size(8192, |settings| &mut settings.http.max_header_size),
        "Largest headers of a request"),
    HTTP.setting("header_timeout", Seconds(|settings| &mut settings.http.header_timeout),
        "Time allowed for the headers of a request"),
    HTTP.setting("body_timeout", Seconds(|settings| &mut settings.http.body_timeout),
        "Time allowed for the body of a request"),
    HTTP.setting("metrics", Switch(|settings| &mut settings.http.metrics), "Serve metrics for Prometheus at /metrics/prometheus")
        .variables_named(&["ENABLE_METRICS"]).of_others(),
];

const CERT_REQS: Other = Other {
    value: "NUMBER",
    allowed: "0 (no client certificate), 1 (checked if there is one) or 2 (required)",
    default: || Some(ClientAuth::default().cert_reqs().to_string()),
    apply: |settings, text| {
        let client_auth = ClientAuth::from_cert_reqs(text.parse().ok()?).ok()?;
        settings.http_tls.client_auth = Some(client_auth);
        Some(())
    },
};

const HOSTS: Other = Other {
    value: "NAMES",
    allowed: "names with commas: NAME, NAME:PORT, NAME:* for any port, * for all",
    default: || None,
    apply: |settings, text| {
        settings.http.allowed_hosts = list(text, is_host_entry)?;
        Some(())
    },
};

const ORIGINS: Other = Other {
    value: "ORIGINS",
    allowed: "origins, such as https://console.example, with commas; * for all",
    default: || None,
    apply: |settings, text| {
        settings.http.allowed_origins = list(text, is_origin_entry)?;
        Some(())
    },
};

/// The second port, which a server with TLS has for its health.
pub(super) fn check_port(settings: &Settings, findings: &mut Findings) {
    let listen = &settings.http.listen;
    let highest = u16::MAX - PORT_DISTANCE;
    if listen.tls.is_some() && listen.port > highest {
        findings.problems.push(format!(
            "MCP: the port {} leaves no room for /health and /metrics/prometheus, which are served without TLS on the port \
             {PORT_DISTANCE} above it: choose one up to {highest}",
            listen.port
        ));
    }
}
