//! The settings of `grpc_server_settings`.

use super::listen::{self, ListenTable, Names, listen_settings};
use super::values::{SECONDS, seconds, size, whole};
use super::{Setting, Settings};
use crate::launch::yaml::findings::Findings;

pub(super) const TABLES: [&[Setting]; 2] = [&LISTEN, &SETTINGS];

/// Where the gRPC server listens.
const LISTEN: ListenTable = listen_settings!(grpc, grpc_tls, flags "grpc-", variables "PLUGINS_GRPC_SERVER_");

/// The other settings of the gRPC server.
const SETTINGS: [Setting; 9] = [
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
        flag: "grpc-body-timeout",
        key: "body_timeout",
        variables: &["PLUGINS_GRPC_SERVER_BODY_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.grpc.body_timeout = value),
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
        key: "tls.client_auth",
        variables: &["PLUGINS_GRPC_SERVER_SSL_CLIENT_AUTH"],
        allowed: "none, optional or require",
        apply: |settings, text| {
            text.parse()
                .ok()
                .map(|value| settings.grpc_tls.client_auth = Some(value))
        },
    },
];

const NAMES: Names = Names {
    server: "gRPC",
    ssl_enabled: "PLUGINS_GRPC_SERVER_SSL_ENABLED",
    address_flags: ["grpc-host", "grpc-port"],
};

impl Settings {
    pub(super) fn finish_grpc(&mut self, flags: &[(&'static str, String)], findings: &mut Findings) {
        let tls = std::mem::take(&mut self.grpc_tls);
        listen::finish(&mut self.grpc.listen, tls, &NAMES, flags, findings);
    }
}
