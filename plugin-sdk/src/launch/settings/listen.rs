//! Where a server listens: the settings that gRPC and MCP share, each under names of its own.

use std::path::PathBuf;

use super::Setting;
use crate::launch::yaml::findings::Findings;
use crate::server::listener::ListenSettings;
use crate::server::tls::{ClientAuth, TlsError, TlsSettings};

/// The settings of one server's address and TLS. Who needs a certificate has another name for each server, and is not among
/// them.
macro_rules! listen_settings {
    ($server:ident, $tls:ident, flags $flag:literal, variables $variable:literal) => {{
        use $crate::launch::settings::values::{SECONDS, boolean, file_mode, host, path, seconds};
        use $crate::launch::settings::{Setting, Settings};

        const fn file(
            key: &'static str,
            variables: &'static [&'static str],
            apply: fn(&mut Settings, &str) -> Option<()>,
        ) -> Setting {
            Setting {
                flag: "",
                key,
                variables,
                allowed: "the path of a PEM file",
                apply,
            }
        }

        [
            Setting {
                flag: concat!($flag, "host"),
                key: "host",
                variables: &[concat!($variable, "HOST")],
                allowed: "an address in full, 0.0.0.0 for every one of the machine, or a host name",
                apply: |settings, text| host(text).map(|value| settings.$server.listen.host = value),
            },
            Setting {
                flag: concat!($flag, "port"),
                key: "port",
                variables: &[concat!($variable, "PORT")],
                allowed: "a port from 0 to 65535; 0 takes one that is free",
                apply: |settings, text| {
                    text.parse()
                        .ok()
                        .map(|value| settings.$server.listen.port = value)
                },
            },
            Setting {
                flag: concat!($flag, "uds"),
                key: "uds",
                variables: &[concat!($variable, "UDS")],
                allowed: "the path of a socket file, instead of host and port",
                apply: |settings, text| path(text).map(|value| settings.$server.listen.uds = Some(value)),
            },
            Setting {
                flag: concat!($flag, "uds-mode"),
                key: "uds_mode",
                variables: &[concat!($variable, "UDS_MODE")],
                allowed: "an octal file mode from 0600 to 0777 in which the owner can read and write",
                apply: |settings, text| file_mode(text).map(|value| settings.$server.listen.uds_mode = value),
            },
            Setting {
                flag: concat!($flag, "handshake-timeout"),
                key: "handshake_timeout",
                variables: &[concat!($variable, "HANDSHAKE_TIMEOUT")],
                allowed: SECONDS,
                apply: |settings, text| {
                    seconds(text).map(|value| settings.$server.listen.handshake_timeout = value)
                },
            },
            Setting {
                flag: "",
                key: "tls",
                variables: &[concat!($variable, "SSL_ENABLED")],
                allowed: "true or false",
                apply: |settings, text| boolean(text).map(|value| settings.$tls.enabled = value),
            },
            file(
                "tls.certfile",
                &[concat!($variable, "SSL_CERTFILE")],
                |settings, text| path(text).map(|value| settings.$tls.certfile = Some(value)),
            ),
            file(
                "tls.keyfile",
                &[concat!($variable, "SSL_KEYFILE")],
                |settings, text| path(text).map(|value| settings.$tls.keyfile = Some(value)),
            ),
            file(
                "tls.ca_bundle",
                &[concat!($variable, "SSL_CA_CERTS")],
                |settings, text| path(text).map(|value| settings.$tls.ca_bundle = Some(value)),
            ),
            Setting {
                flag: "",
                key: "tls.reload_interval",
                variables: &[concat!($variable, "SSL_RELOAD_INTERVAL")],
                allowed: SECONDS,
                apply: |settings, text| {
                    seconds(text).map(|value| settings.$server.listen.reload_interval = value)
                },
            },
            Setting {
                flag: "",
                key: "tls.keyfile_password",
                variables: &[concat!($variable, "SSL_KEYFILE_PASSWORD")],
                allowed: "a text",
                apply: |settings, text| {
                    settings.$tls.keyfile_password = Some(text.to_owned());
                    Some(())
                },
            },
        ]
    }};
}
pub(super) use listen_settings;

/// How many there are.
pub(super) const COUNT: usize = 11;

/// The settings of one server's address and TLS.
pub(super) type ListenTable = [Setting; COUNT];

/// TLS as it is given, before it is known whether it is complete.
#[derive(Debug, Clone, Default)]
pub(super) struct TlsOptions {
    pub(super) enabled: bool,
    pub(super) certfile: Option<PathBuf>,
    pub(super) keyfile: Option<PathBuf>,
    pub(super) ca_bundle: Option<PathBuf>,
    pub(super) keyfile_password: Option<String>,
    pub(super) client_auth: Option<ClientAuth>,
}

impl TlsOptions {
    fn complete(self) -> Result<TlsSettings, TlsError> {
        let mut tls = TlsSettings::switched_on(self.certfile, self.keyfile)?
            .with_client_auth(self.client_auth.unwrap_or_default());
        tls.ca_bundle = self.ca_bundle;
        tls.keyfile_password = self.keyfile_password;
        Ok(tls)
    }

    fn is_set_up(&self) -> bool {
        self.certfile.is_some()
            || self.keyfile.is_some()
            || self.keyfile_password.is_some()
            || self.ca_bundle.is_some()
            || self
                .client_auth
                .is_some_and(|client_auth| client_auth != ClientAuth::None)
    }
}

/// A server, in the words of the operator.
pub(super) struct Names {
    /// In front of every message.
    pub(super) server: &'static str,
    /// What switches TLS on.
    pub(super) ssl_enabled: &'static str,
    /// Flags that a Unix socket makes pointless.
    pub(super) address_flags: [&'static str; 2],
}

/// Looks for settings that are right each by itself, and not together.
pub(super) fn finish(
    listen: &mut ListenSettings,
    tls: TlsOptions,
    names: &Names,
    flags: &[(&'static str, String)],
    findings: &mut Findings,
) {
    let server = names.server;
    if tls.enabled {
        match tls.complete() {
            Ok(tls) => listen.tls = Some(tls),
            Err(error) => findings.problems.push(format!("{server}: {error}")),
        }
    } else if tls.is_set_up() {
        findings.warnings.push(format!(
            "{server}: TLS is set up, but not switched on ({}=true): it serves without TLS",
            names.ssl_enabled
        ));
    }
    if let Err(error) = listen.check() {
        findings.problems.push(format!("{server}: {error}"));
    }
    let Some(uds) = &listen.uds else { return };
    for flag in names.address_flags {
        if flags.iter().any(|(given, _)| *given == flag) {
            findings.warnings.push(format!(
                "--{flag} is ignored: {server} listens on the socket {} (uds)",
                uds.display()
            ));
        }
    }
}
