//! The settings of `grpc_server_settings`.

use super::{
    Settings, Transport,
    kind::{
        Kind::{self, Count, Seconds, SecondsOr, Size},
        Other,
    },
    listen::{self, Server, TlsOptions},
    setting::{Group, Setting},
};
use crate::{
    launch::yaml::GRPC_SECTION,
    server::{listener::ListenSettings, tls::ClientAuth},
};

pub(super) struct Grpc;

impl Server for Grpc {
    const GROUP: &'static Group = &GRPC;

    fn listen(settings: &mut Settings) -> &mut ListenSettings {
        &mut settings.grpc.listen
    }

    fn tls(settings: &mut Settings) -> &mut TlsOptions {
        &mut settings.grpc_tls
    }
}

static GRPC: Group = Group {
    heading: Some("gRPC"),
    server: "gRPC",
    transport: Some(Transport::Grpc),
    section: Some(GRPC_SECTION),
    flags: "grpc-",
    variables: "PLUGINS_GRPC_SERVER_",
};

pub(super) static LISTEN: &[Setting] = &listen::settings::<Grpc>();

#[rustfmt::skip]
pub(super) static SETTINGS: &[Setting] = &[
    GRPC.setting("tls.client_auth", Kind::Other(CLIENT_AUTH), "Whether clients need a certificate: none, optional or require"),
    GRPC.setting("max_reply_size", Size(1024, |settings| &mut settings.grpc.max_reply_size),
        "Largest answer; hosts take at most 4MiB"),
    GRPC.setting("max_concurrent_streams", Count(1_000_000, |settings| &mut settings.grpc.max_concurrent_streams),
        "Maximum calls in flight on a connection"),
    GRPC.setting("max_header_list_size", Size(1024, |settings| &mut settings.grpc.max_header_list_size),
        "Largest headers of a request"),
    GRPC.setting("body_timeout", Seconds(|settings| &mut settings.grpc.body_timeout),
        "Time allowed for a message to arrive"),
    GRPC.setting("keepalive_interval", Seconds(|settings| &mut settings.grpc.keepalive_interval),
        "Ping a silent client at this interval"),
    GRPC.setting("keepalive_timeout", Seconds(|settings| &mut settings.grpc.keepalive_timeout),
        "Time allowed for the answer to a ping"),
    GRPC.setting("max_connection_age", SecondsOr("never", |settings| &mut settings.grpc.max_connection_age),
        "Have clients reconnect after this time, or never"),
    GRPC.setting("max_connection_age_grace", Seconds(|settings| &mut settings.grpc.max_connection_age_grace),
        "Time allowed for the running calls of such a connection"),
];

const CLIENT_AUTH: Other = Other {
    value: "WORD",
    allowed: "none, optional or require",
    default: || Some(ClientAuth::default().to_string()),
    apply: |settings, text| {
        settings.grpc_tls.client_auth = Some(text.parse().ok()?);
        Some(())
    },
};
