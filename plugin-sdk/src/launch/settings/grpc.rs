//! The settings of `grpc_server_settings`.

use std::path::PathBuf;

use super::values::{SECONDS, boolean, file_mode, path, seconds, size, whole};
use super::{Setting, Settings};
use crate::launch::yaml::findings::Findings;
use crate::server::tls::{ClientAuth, TlsError, TlsSettings};

/// The settings of the gRPC server.
pub(super) const SETTINGS: [Setting; 18] = [
    Setting {
        flag: "grpc-host",
        key: "host",
        variables: &["PLUGINS_GRPC_SERVER_HOST"],
        allowed: "an address or a host name",
        apply: |settings, text| {
            (!text.is_empty() && !text.contains(char::is_whitespace))
                .then(|| text.clone_into(&mut settings.grpc.host))
        },
    },
    Setting {
        flag: "grpc-port",
        key: "port",
        variables: &["PLUGINS_GRPC_SERVER_PORT"],
        allowed: "a port from 0 to 65535; 0 takes one that is free",
        apply: |settings, text| text.parse().ok().map(|value| settings.grpc.port = value),
    },
    Setting {
        flag: "grpc-uds",
        key: "uds",
        variables: &["PLUGINS_GRPC_SERVER_UDS"],
        allowed: "the path of a socket file, instead of host and port",
        apply: |settings, text| path(text).map(|value| settings.grpc.uds = Some(value)),
    },
    Setting {
        flag: "grpc-uds-mode",
        key: "uds_mode",
        variables: &["PLUGINS_GRPC_SERVER_UDS_MODE"],
        allowed: "an octal file mode from 0600 to 0777 in which the owner can read and write",
        apply: |settings, text| file_mode(text).map(|value| settings.grpc.uds_mode = value),
    },
    Setting {
        flag: "grpc-max-reply-size",
        key: "max_reply_size",
        variables: &["PLUGINS_GRPC_SERVER_MAX_REPLY_SIZE"],
        allowed: "bytes, 1024 to 4294967295, or a number with KiB or MiB",
        apply: |settings, text| size(text).map(|value| settings.grpc.max_reply_size = value),
    },
    Setting {
        flag: "grpc-max-concurrent-streams",
        key: "max_concurrent_streams",
        variables: &["PLUGINS_GRPC_SERVER_MAX_CONCURRENT_STREAMS"],
        allowed: "a whole number from 1 to 1000000",
        apply: |settings, text| {
            whole(text, 1..=1_000_000).map(|value| settings.grpc.max_concurrent_streams = value)
        },
    },
    Setting {
        flag: "grpc-max-header-list-size",
        key: "max_header_list_size",
        variables: &["PLUGINS_GRPC_SERVER_MAX_HEADER_LIST_SIZE"],
        allowed: "bytes, 1024 to 4294967295, or a number with KiB or MiB",
        apply: |settings, text| {
            let value = u32::try_from(size(text)?).ok()?;
            settings.grpc.max_header_list_size = value;
            Some(())
        },
    },
    Setting {
        flag: "grpc-handshake-timeout",
        key: "handshake_timeout",
        variables: &["PLUGINS_GRPC_SERVER_HANDSHAKE_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.grpc.handshake_timeout = value),
    },
    Setting {
        flag: "grpc-keepalive-interval",
        key: "keepalive_interval",
        variables: &["PLUGINS_GRPC_SERVER_KEEPALIVE_INTERVAL"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.grpc.keepalive_interval = value),
    },
    Setting {
        flag: "grpc-keepalive-timeout",
        key: "keepalive_timeout",
        variables: &["PLUGINS_GRPC_SERVER_KEEPALIVE_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.grpc.keepalive_timeout = value),
    },
    Setting {
        flag: "grpc-max-connection-age",
        key: "max_connection_age",
        variables: &["PLUGINS_GRPC_SERVER_MAX_CONNECTION_AGE"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.grpc.max_connection_age = Some(value)),
    },
    Setting {
        flag: "grpc-max-connection-age-grace",
        key: "max_connection_age_grace",
        variables: &["PLUGINS_GRPC_SERVER_MAX_CONNECTION_AGE_GRACE"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.grpc.max_connection_age_grace = value),
    },
    Setting {
        flag: "",
        key: "tls",
        variables: &["PLUGINS_GRPC_SERVER_SSL_ENABLED"],
        allowed: "true or false",
        apply: |settings, text| boolean(text).map(|value| settings.grpc_tls.enabled = value),
    },
    Setting {
        flag: "",
        key: "tls.certfile",
        variables: &["PLUGINS_GRPC_SERVER_SSL_CERTFILE"],
        allowed: "the path of a PEM file",
        apply: |settings, text| path(text).map(|value| settings.grpc_tls.certfile = Some(value)),
    },
    Setting {
        flag: "",
        key: "tls.keyfile",
        variables: &["PLUGINS_GRPC_SERVER_SSL_KEYFILE"],
        allowed: "the path of a PEM file",
        apply: |settings, text| path(text).map(|value| settings.grpc_tls.keyfile = Some(value)),
    },
    Setting {
        flag: "",
        key: "tls.ca_bundle",
        variables: &["PLUGINS_GRPC_SERVER_SSL_CA_CERTS"],
        allowed: "the path of a PEM file",
        apply: |settings, text| path(text).map(|value| settings.grpc_tls.ca_bundle = Some(value)),
    },
    Setting {
        flag: "",
        key: "tls.keyfile_password",
        variables: &["PLUGINS_GRPC_SERVER_SSL_KEYFILE_PASSWORD"],
        allowed: "a text",
        apply: |settings, text| {
            settings.grpc_tls.keyfile_password = Some(text.to_owned());
            Some(())
        },
    },
    Setting {
        flag: "",
        key: "tls.client_auth",
        variables: &["PLUGINS_GRPC_SERVER_SSL_CLIENT_AUTH"],
        allowed: "none, optional or require",
        apply: |settings, text| {
            text.parse()
                .ok()
                .map(|value| settings.grpc_tls.client_auth = value)
        },
    },
];

/// TLS as it is given, before it is known whether it is complete.
#[derive(Debug, Clone, Default)]
pub(super) struct TlsOptions {
    enabled: bool,
    certfile: Option<PathBuf>,
    keyfile: Option<PathBuf>,
    ca_bundle: Option<PathBuf>,
    keyfile_password: Option<String>,
    client_auth: ClientAuth,
}

impl TlsOptions {
    fn complete(self) -> Result<TlsSettings, TlsError> {
        let mut tls =
            TlsSettings::switched_on(self.certfile, self.keyfile)?.with_client_auth(self.client_auth);
        tls.ca_bundle = self.ca_bundle;
        tls.keyfile_password = self.keyfile_password;
        Ok(tls)
    }
}

impl Settings {
    /// Looks for settings of gRPC that are right each by itself, and not together.
    pub(super) fn finish_grpc(&mut self, flags: &[(&'static str, String)], findings: &mut Findings) {
        let tls = std::mem::take(&mut self.grpc_tls);
        if tls.enabled {
            match tls.complete() {
                Ok(tls) => self.grpc.tls = Some(tls),
                Err(error) => findings.problems.push(format!("gRPC: {error}")),
            }
        } else if tls.certfile.is_some() || tls.keyfile.is_some() || tls.ca_bundle.is_some() {
            findings.warnings.push(
                "gRPC: certificates are named, but TLS is not switched on (PLUGINS_GRPC_SERVER_SSL_ENABLED): it \
                 serves without TLS"
                    .to_owned(),
            );
        }
        let Some(uds) = &self.grpc.uds else { return };
        if self.grpc.tls.is_some() {
            findings.problems.push(format!(
                "gRPC: TLS and the Unix socket {} exclude each other, as no host uses TLS there: leave out either uds or \
                 tls",
                uds.display()
            ));
        }
        for flag in ["grpc-host", "grpc-port"] {
            if flags.iter().any(|(given, _)| *given == flag) {
                findings.warnings.push(format!(
                    "--{flag} is ignored: gRPC listens on the socket {} (uds)",
                    uds.display()
                ));
            }
        }
    }
}
