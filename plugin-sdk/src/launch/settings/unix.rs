//! The settings of the Unix socket server, and the limits of every transport.

use super::{
    Transport,
    kind::Kind::{Count, Mode, Seconds, SecondsOr, Size, Socket},
    setting::{Group, Setting},
};
use crate::{
    codec::nesting::{JsonLevels, Levels},
    launch::yaml::UNIX_SECTION,
    socket::PATH_VARIABLE,
};

static SOCKET: Group = Group {
    heading: Some("Unix socket"),
    server: "unix",
    transport: Some(Transport::Unix),
    section: Some(UNIX_SECTION),
    flags: "socket-",
    variables: "PLUGINS_UNIX_SOCKET_",
};

static LIMITS: Group = Group {
    heading: Some("Limits"),
    server: "",
    transport: None,
    section: Some(UNIX_SECTION),
    flags: "",
    variables: "PLUGINS_",
};

#[rustfmt::skip]
pub(super) static SETTINGS: &[Setting] = &[
    SOCKET.setting("path", Socket(|settings| &mut settings.socket_path), "Path of the socket")
        .flag_named("socket").variables_named(&[PATH_VARIABLE, "UNIX_SOCKET_PATH"]).on_the_first_day(),
    SOCKET.setting("mode", Mode(|settings| &mut settings.socket_mode), "File mode of the socket, in octal"),
    LIMITS.setting("max_message_size", Size(1024, |settings| &mut settings.limits.max_message_size),
        "Largest message, in bytes or with KiB or MiB"),
    LIMITS.setting("max_nesting", Count(Levels::MAX_OBJECTS as u64, |settings| &mut settings.limits.max_nesting),
        "Deepest nesting of objects on gRPC and Unix sockets"),
    LIMITS.setting("max_json_nesting", Count(JsonLevels::MAX as u64, |settings| &mut settings.limits.max_json_nesting),
        "Deepest nesting of objects and lists in a payload over MCP"),
    LIMITS.setting("call_timeout", Seconds(|settings| &mut settings.limits.call_timeout),
        "Time allowed for a hook; keep it below the host's timeout"),
    LIMITS.setting("late_answer_guard", SecondsOr("off", |settings| &mut settings.limits.late_answer_guard),
        "Shortest timeout of a host that is guarded against late answers, or off"),
    LIMITS.setting("max_connections", Count(1_000_000, |settings| &mut settings.limits.max_connections),
        "Maximum number of connections"),
    LIMITS.setting("max_calls_in_flight", Count(1_000_000, |settings| &mut settings.limits.max_calls_in_flight),
        "Maximum calls in flight on one connection that carries several"),
    LIMITS.setting("idle_timeout", Seconds(|settings| &mut settings.limits.idle_timeout),
        "Close a connection after this time without requests"),
    LIMITS.setting("write_timeout", Seconds(|settings| &mut settings.limits.write_timeout),
        "Close a connection whose client reads no answer for this time"),
    LIMITS.setting("drain_timeout", Seconds(|settings| &mut settings.limits.drain_timeout),
        "Time allowed for running calls and the shutdown after a signal"),
    LIMITS.setting("blocking_threads", Count(32_768, |settings| &mut settings.limits.blocking_threads),
        "Maximum number of threads for blocking hooks"),
    LIMITS.setting("max_blocking_calls", Count(1_000_000, |settings| &mut settings.limits.max_blocking_calls),
        "Maximum calls of blocking hooks that run or wait for a thread"),
];
