//! The settings of `server_settings`, which is the MCP server over HTTP.

use super::listen::{self, ListenTable, Names, listen_settings};
use super::values::{SECONDS, boolean, list, seconds, size};
use super::{Setting, Settings};
use crate::launch::yaml::findings::Findings;
use crate::server::tls::ClientAuth;
use crate::transport::mcp::{HEALTH_PORT_DISTANCE, is_host_entry, is_origin_entry};

pub(super) const TABLES: [&[Setting]; 2] = [&LISTEN, &SETTINGS];

/// Where the MCP server listens.
const LISTEN: ListenTable = listen_settings!(http, http_tls, flags "http-", variables "PLUGINS_SERVER_");

/// The other settings of the MCP server.
const SETTINGS: [Setting; 7] = [
    Setting {
        flag: "http-allowed-hosts",
        key: "allowed_hosts",
        variables: &["PLUGINS_SERVER_ALLOWED_HOSTS"],
        allowed: "names with commas: NAME, NAME:PORT, NAME:* for any port, * for all",
        apply: |settings, text| {
            let value = list(text).filter(|entries| entries.iter().all(|entry| is_host_entry(entry)))?;
            settings.http.allowed_hosts = value;
            Some(())
        },
    },
    Setting {
        flag: "http-allowed-origins",
        key: "allowed_origins",
        variables: &["PLUGINS_SERVER_ALLOWED_ORIGINS"],
        allowed: "origins, such as https://console.example, with commas; * for all",
        apply: |settings, text| {
            let value = list(text).filter(|entries| entries.iter().all(|entry| is_origin_entry(entry)))?;
            settings.http.allowed_origins = value;
            Some(())
        },
    },
    Setting {
        flag: "http-max-header-size",
        key: "max_header_size",
        variables: &["PLUGINS_SERVER_MAX_HEADER_SIZE"],
        allowed: "bytes, 8192 to 4294967295, or a number with KiB or MiB",
        apply: |settings, text| {
            let value = size(text).filter(|size| *size >= 8192)?;
            settings.http.max_header_size = value;
            Some(())
        },
    },
    Setting {
        flag: "http-header-timeout",
        key: "header_timeout",
        variables: &["PLUGINS_SERVER_HEADER_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.http.header_timeout = value),
    },
    Setting {
        flag: "http-body-timeout",
        key: "body_timeout",
        variables: &["PLUGINS_SERVER_BODY_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.http.body_timeout = value),
    },
    Setting {
        flag: "http-metrics",
        key: "metrics",
        variables: &[],
        allowed: "true or false",
        apply: |settings, text| boolean(text).map(|value| settings.http.metrics = value),
    },
    Setting {
        flag: "",
        key: "tls.ssl_cert_reqs",
        variables: &["PLUGINS_SERVER_SSL_CERT_REQS"],
        allowed: "0 (no client certificate), 1 (checked if there is one) or 2 (required)",
        apply: |settings, text| {
            let value = ClientAuth::from_cert_reqs(text.parse().ok()?).ok()?;
            settings.http_tls.client_auth = Some(value);
            Some(())
        },
    },
];

/// The variable that the section does not replace.
pub(super) const METRICS: [Setting; 1] = [Setting {
    flag: "",
    key: "",
    variables: &["ENABLE_METRICS"],
    allowed: "true or false",
    // Other programs have this variable too. To the Python server, whatever is not true is off.
    apply: |settings, text| {
        settings.http.metrics = boolean(text).unwrap_or(false);
        Some(())
    },
}];

const NAMES: Names = Names {
    server: "MCP",
    ssl_enabled: "PLUGINS_SERVER_SSL_ENABLED",
    address_flags: ["http-host", "http-port"],
};

impl Settings {
    pub(super) fn finish_http(&mut self, flags: &[(&'static str, String)], findings: &mut Findings) {
        let tls = std::mem::take(&mut self.http_tls);
        listen::finish(&mut self.http.listen, tls, &NAMES, flags, findings);
        let highest = u16::MAX - HEALTH_PORT_DISTANCE;
        if self.http.listen.tls.is_some() && self.http.listen.port > highest {
            findings.problems.push(format!(
                "MCP: the port {} leaves no room for /health and /metrics/prometheus, which are served without TLS on the \
                 port {HEALTH_PORT_DISTANCE} above it: choose one up to {highest}",
                self.http.listen.port
            ));
        }
    }
}
