//! Where a server listens: the settings that gRPC and MCP share, each under names of its own.

use std::path::PathBuf;

use super::{
    Flags, Settings,
    kind::Kind::{Host, Mode, OtherSocket, Pem, Port, Seconds, Secret, Switch},
    setting::{Group, Setting},
};
use crate::{
    launch::yaml::findings::Findings,
    server::{
        listener::ListenSettings,
        tls::{ClientAuth, TlsError, TlsSettings},
    },
};

/// A server that listens on an address or a Unix socket.
pub(super) trait Server {
    const GROUP: &'static Group;

    fn listen(settings: &mut Settings) -> &mut ListenSettings;

    fn tls(settings: &mut Settings) -> &mut TlsOptions;
}

/// The settings of one server's address and TLS. Who needs a certificate has another name for each server, and is not among
/// them.
#[rustfmt::skip]
pub(super) const fn settings<S: Server>() -> [Setting; 11] {
    let group = S::GROUP;
    [
        group.setting("host", Host(|settings| &mut S::listen(settings).host), "Address to listen on").on_the_first_day(),
        group.setting("port", Port(|settings| &mut S::listen(settings).port), "Port to listen on").on_the_first_day(),
        group.setting("uds", OtherSocket(|settings| &mut S::listen(settings).uds),
            "Unix socket to listen on, instead of host and port"),
        group.setting("uds_mode", Mode(|settings| &mut S::listen(settings).uds_mode), "File mode of that socket, in octal"),
        group.setting("handshake_timeout", Seconds(|settings| &mut S::listen(settings).handshake_timeout),
            "Time allowed for the handshake of a connection"),
        group.setting("tls", Switch(|settings| &mut S::tls(settings).enabled),
            "Serve with TLS; each flag of TLS below switches it on, too").variable("SSL_ENABLED"),
        group.setting("tls.certfile", Pem(|settings| &mut S::tls(settings).certfile),
            "Certificate of the server, in PEM, with those between it and the authority"),
        group.setting("tls.keyfile", Pem(|settings| &mut S::tls(settings).keyfile), "Private key of the server, in PEM"),
        // What is on a command line is shown to every user of the machine.
        group.setting("tls.keyfile_password", Secret(|settings| &mut S::tls(settings).keyfile_password),
            "Password of the private key, if it is encrypted").without_flag(),
        group.setting("tls.ca_bundle", Pem(|settings| &mut S::tls(settings).ca_bundle),
            "Authorities that client certificates are checked against, in PEM").variable("SSL_CA_CERTS"),
        group.setting("tls.reload_interval", Seconds(|settings| &mut S::listen(settings).reload_interval),
            "Look for new certificate files at this interval"),
    ]
}

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

/// Looks for settings that are right each by itself, and not together.
pub(super) fn finish<S: Server>(settings: &mut Settings, flags: &Flags, findings: &mut Findings) {
    let server = S::GROUP.server;
    let tls = std::mem::take(S::tls(settings));
    let listen = S::listen(settings);
    if tls.enabled {
        match tls.complete() {
            Ok(tls) => listen.tls = Some(tls),
            Err(error) => findings.problems.push(format!("{server}: {error}")),
        }
    } else if tls.is_set_up() {
        findings.warnings.push(format!(
            "{server}: TLS is set up, but not switched on ({}SSL_ENABLED=true): it serves without TLS",
            S::GROUP.variables
        ));
    }
    if let Err(error) = listen.check() {
        findings.problems.push(format!("{server}: {error}"));
    }
    let Some(uds) = &listen.uds else { return };
    for key in ["host", "port"] {
        let given = flags
            .iter()
            .find(|(setting, _)| setting.key == key && std::ptr::eq(setting.group, S::GROUP));
        if let Some(flag) = given.and_then(|(setting, _)| setting.flag()) {
            findings.warnings.push(format!(
                "--{flag} is ignored: {server} listens on the socket {} (uds)",
                uds.display()
            ));
        }
    }
}
