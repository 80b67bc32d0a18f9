//! The places where the servers listen: sockets and ports, and who gets to them.

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
use std::{os::unix::fs::PermissionsExt, path::Path};

use crate::{
    environment::Environment,
    launch::{
        settings::{Settings, Transport},
        yaml::findings::Findings,
    },
};

/// Looks at the places where these transports will listen, or all if none is named.
pub(super) fn look(
    settings: &Settings,
    transports: &[Transport],
    environment: &Environment,
    findings: &mut Findings,
) {
    let is_meant = |transport| transports.is_empty() || transports.contains(&transport);
    #[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
    let mut sockets: Vec<(&Path, &str)> = Vec::new();
    #[cfg(feature = "unix")]
    if is_meant(Transport::Unix) {
        let place = Socket {
            path: &settings.socket_path,
            mode: settings.socket_mode,
            setting: crate::socket::PATH_VARIABLE,
            mode_setting: "--socket-mode",
            // The default is where hosts look, and most servers with another transport leave it alone.
            is_chosen: transports.contains(&Transport::Unix),
        };
        place.look(findings);
        sockets.push((place.path, "unix"));
    }
    #[cfg(feature = "grpc")]
    if is_meant(Transport::Grpc) {
        let listen = &settings.grpc.listen;
        let protocol = &crate::transport::grpc::GRPC;
        super::address::listener("gRPC", listen, protocol, "--grpc-uds-mode", findings);
        super::address::reach("gRPC", listen, environment, findings);
        sockets.extend(listen.uds.as_deref().map(|path| (path, "grpc")));
    }
    #[cfg(feature = "mcp")]
    if is_meant(Transport::Http) {
        let listen = &settings.http.listen;
        let protocol = &crate::transport::mcp::MCP;
        super::address::listener("MCP", listen, protocol, "--http-uds-mode", findings);
        super::address::reach("MCP", listen, environment, findings);
        super::address::url(&settings.http, findings);
        sockets.extend(listen.uds.as_deref().map(|path| (path, "http")));
    }
    #[cfg(all(feature = "grpc", feature = "mcp"))]
    if is_meant(Transport::Grpc) && is_meant(Transport::Http) {
        super::address::together(&settings.grpc.listen, &settings.http.listen, findings);
    }
    #[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
    for (index, (path, transport)) in sockets.iter().enumerate() {
        if let Some((_, earlier)) = sockets[..index].iter().find(|(earlier, _)| earlier == path) {
            findings.problems.push(format!(
                "{transport} and {earlier} listen on the same socket, {}: give each its own",
                path.display()
            ));
        }
    }
    let _ = (settings, environment, findings, is_meant(Transport::Stdio));
}

/// A socket file that will be made.
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
pub(super) struct Socket<'a> {
    pub(super) path: &'a Path,
    pub(super) mode: u32,
    pub(super) setting: &'a str,
    pub(super) mode_setting: &'a str,
    pub(super) is_chosen: bool,
}

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
impl Socket<'_> {
    pub(super) fn look(&self, findings: &mut Findings) {
        let Self {
            path,
            mode,
            setting,
            mode_setting,
            is_chosen,
        } = *self;
        if let Err(error) = crate::server::socket_file::check_path(path, setting) {
            findings.problems.push(format!("socket: {error}"));
            return;
        }
        if matches!(crate::server::socket_file::is_alive(path), Ok(true)) {
            findings.warnings.push(format!(
                "socket: a server answers on {} already: if it is not this one, choose another path ({setting})",
                path.display()
            ));
        }
        if mode & 0o002 != 0 {
            findings.warnings.push(format!(
                "socket: with the mode {mode:04o} every user of the machine may call the plugins on {}: give the gateway's \
                 group access instead, with 0660 ({mode_setting})",
                path.display()
            ));
        }
        let everyone_writes = path
            .parent()
            .and_then(|directory| directory.metadata().ok())
            .is_some_and(|directory| directory.permissions().mode() & 0o002 != 0);
        if everyone_writes && is_chosen {
            findings.warnings.push(format!(
                "socket: everyone may write to the directory of {}, so another user can take the path before the server does: \
                 make a directory of its own with the mode 0700, or 0750 for the gateway's group ({setting})",
                path.display()
            ));
        }
    }
}
