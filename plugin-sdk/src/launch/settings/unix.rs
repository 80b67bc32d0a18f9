//! The settings of the Unix socket server, and the limits of every transport.

use super::{
    Setting,
    values::{SECONDS, file_mode, path, seconds, size, whole},
};

/// The settings of `unix_socket_server_settings`, with the limits of every transport. The documentation of
/// [`Launcher`](crate::Launcher) shows the same table.
pub(super) const SETTINGS: [Setting; 14] = [
    Setting {
        flag: "socket",
        key: "path",
        variables: &["PLUGINS_UNIX_SOCKET_PATH", "UNIX_SOCKET_PATH"],
        allowed: "the path of the socket file",
        apply: |settings, text| path(text).map(|value| settings.socket_path = value),
    },
    Setting {
        flag: "socket-mode",
        key: "mode",
        variables: &["PLUGINS_UNIX_SOCKET_MODE"],
        allowed: "an octal file mode from 0600 to 0777 in which the owner can read and write",
        apply: |settings, text| file_mode(text).map(|value| settings.socket_mode = value),
    },
    Setting {
        flag: "max-message-size",
        key: "max_message_size",
        variables: &["PLUGINS_MAX_MESSAGE_SIZE"],
        allowed: "bytes, 1024 to 4294967295, or a number with KiB or MiB",
        apply: |settings, text| size(text).map(|value| settings.limits.max_message_size = value),
    },
    Setting {
        flag: "max-nesting",
        key: "max_nesting",
        variables: &["PLUGINS_MAX_NESTING"],
        allowed: "a whole number from 1 to 100",
        apply: |settings, text| whole(text, 1..=100).map(|value| settings.limits.max_nesting = value),
    },
    Setting {
        flag: "max-json-nesting",
        key: "max_json_nesting",
        variables: &["PLUGINS_MAX_JSON_NESTING"],
        allowed: "a whole number from 1 to 200",
        apply: |settings, text| whole(text, 1..=200).map(|value| settings.limits.max_json_nesting = value),
    },
    Setting {
        flag: "call-timeout",
        key: "call_timeout",
        variables: &["PLUGINS_CALL_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.limits.call_timeout = value),
    },
    Setting {
        flag: "late-answer-guard",
        key: "late_answer_guard",
        variables: &["PLUGINS_LATE_ANSWER_GUARD"],
        allowed: "off, or seconds from 0.001 to 86400",
        apply: |settings, text| {
            let guard = &mut settings.limits.late_answer_guard;
            if text.eq_ignore_ascii_case("off") {
                *guard = None;
                return Some(());
            }
            seconds(text).map(|value| *guard = Some(value))
        },
    },
    Setting {
        flag: "max-connections",
        key: "max_connections",
        variables: &["PLUGINS_MAX_CONNECTIONS"],
        allowed: "a whole number from 1 to 1000000",
        apply: |settings, text| {
            whole(text, 1..=1_000_000).map(|value| settings.limits.max_connections = value)
        },
    },
    Setting {
        flag: "max-calls-in-flight",
        key: "max_calls_in_flight",
        variables: &["PLUGINS_MAX_CALLS_IN_FLIGHT"],
        allowed: "a whole number from 1 to 1000000",
        apply: |settings, text| {
            whole(text, 1..=1_000_000).map(|value| settings.limits.max_calls_in_flight = value)
        },
    },
    Setting {
        flag: "idle-timeout",
        key: "idle_timeout",
        variables: &["PLUGINS_IDLE_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.limits.idle_timeout = value),
    },
    Setting {
        flag: "write-timeout",
        key: "write_timeout",
        variables: &["PLUGINS_WRITE_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.limits.write_timeout = value),
    },
    Setting {
        flag: "drain-timeout",
        key: "drain_timeout",
        variables: &["PLUGINS_DRAIN_TIMEOUT"],
        allowed: SECONDS,
        apply: |settings, text| seconds(text).map(|value| settings.limits.drain_timeout = value),
    },
    Setting {
        flag: "blocking-threads",
        key: "blocking_threads",
        variables: &["PLUGINS_BLOCKING_THREADS"],
        allowed: "a whole number from 1 to 32768",
        apply: |settings, text| whole(text, 1..=32_768).map(|value| settings.limits.blocking_threads = value),
    },
    Setting {
        flag: "max-blocking-calls",
        key: "max_blocking_calls",
        variables: &["PLUGINS_MAX_BLOCKING_CALLS"],
        allowed: "a whole number from 1 to 1000000",
        apply: |settings, text| {
            whole(text, 1..=1_000_000).map(|value| settings.limits.max_blocking_calls = value)
        },
    },
];
