//! Addresses: whether the server can listen there, and how gateways get to it.

#[cfg(feature = "mcp")]
use std::net::Ipv4Addr;
use std::{
    io::ErrorKind,
    net::{IpAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::places::Socket;
use crate::{
    environment::Environment,
    launch::yaml::findings::Findings,
    server::{
        listener::{ListenSettings, Protocol},
        tls::{ClientAuth, Tls},
    },
};
#[cfg(feature = "mcp")]
use crate::{protocol::health::PORT_DISTANCE, transport::mcp::McpSettings};

/// Looks at the place where a server will listen, and reads its certificates as it would.
pub(super) fn listener(
    server: &str,
    listen: &ListenSettings,
    protocol: &Protocol,
    mode_setting: &str,
    findings: &mut Findings,
) {
    if let Some(path) = &listen.uds {
        let socket = Socket {
            path,
            mode: listen.uds_mode,
            setting: protocol.uds_setting,
            mode_setting,
            is_chosen: true,
        };
        socket.look(findings);
    } else {
        port(
            server,
            listen.bare_host(),
            listen.port,
            protocol.address_settings,
            findings,
        );
    }
    let Some(tls) = &listen.tls else { return };
    if let Err(error) = Tls::load(tls.clone(), protocol.alpn) {
        findings.problems.push(format!("{server}: {error}"));
    } else if everyone_reads(&tls.keyfile) {
        findings.warnings.push(format!(
            "{server}: every user of the machine may read the key {}: give it the mode 0600, or 0640 for the server's group",
            tls.keyfile.display()
        ));
    }
}

fn everyone_reads(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

/// Tries to listen.
fn port(server: &str, host: &str, port: u16, setting: &str, findings: &mut Findings) {
    let Err(error) = TcpListener::bind((host, port)) else {
        return;
    };
    match error.kind() {
        // Perhaps the server that is checked already runs.
        ErrorKind::AddrInUse => findings.warnings.push(format!(
            "{server}: something listens on {host} port {port} already: if it is not this server, choose another with {setting}"
        )),
        ErrorKind::PermissionDenied => findings.problems.push(format!(
            "{server}: this user may not listen on port {port}: choose one from 1024 on with {setting}"
        )),
        ErrorKind::AddrNotAvailable => findings.problems.push(format!(
            "{server}: {host} is no address of this machine: write one that is, or 0.0.0.0 for all of them ({setting})"
        )),
        _ => findings.problems.push(format!(
            "{server}: can't listen on {host} port {port}: {error} ({setting})"
        )),
    }
}

/// Who can reach the address: no one outside of a container, or everyone.
pub(super) fn reach(
    server: &str,
    listen: &ListenSettings,
    environment: &Environment,
    findings: &mut Findings,
) {
    if listen.uds.is_some() {
        return;
    }
    let host = listen.bare_host();
    let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
    if is_local && is_container(environment) {
        findings.warnings.push(format!(
            "{server}: in a container, {host} is reached from within alone: listen on 0.0.0.0, unless the gateway runs beside \
             the server in the same pod"
        ));
    }
    let knows_clients = listen
        .tls
        .as_ref()
        .is_some_and(|tls| tls.client_auth == ClientAuth::Require);
    if !is_local && !knows_clients {
        findings.warnings.push(format!(
            "{server}: whoever reaches {host} port {} may call the plugins: require certificates of clients (tls), or let only \
             the gateways through (a network policy, a firewall)",
            listen.port
        ));
    }
}

fn is_container(environment: &Environment) -> bool {
    environment.get(&["KUBERNETES_SERVICE_HOST"]).is_some() || Path::new("/.dockerenv").exists()
}

/// What a gateway makes of the URL to the server ([protocol, section
/// 9.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#95-entry-of-the-gateway)), and
/// the second port.
#[cfg(feature = "mcp")]
pub(super) fn url(settings: &McpSettings, findings: &mut Findings) {
    let listen = &settings.listen;
    if listen.uds.is_some() {
        return;
    }
    let host = listen.bare_host();
    match host.parse() {
        Ok(IpAddr::V4(address))
            if (address.is_private() || address.is_link_local() || address.is_loopback())
                && address != Ipv4Addr::LOCALHOST =>
        {
            findings.warnings.push(format!(
                "MCP: gateways take no {host} in a url, only a name that leads there, or with PLUGINS_SSRF_PROTECTION_ENABLED=false"
            ));
        }
        Ok(IpAddr::V6(address)) if !address.is_unspecified() && !address.is_loopback() => {
            findings.warnings.push(format!(
                "MCP: gateways take no IPv6 address such as {host} in a url, only a name that leads there"
            ));
        }
        _ => {}
    }
    let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
    if !is_local && settings.allowed_hosts.is_empty() {
        findings.warnings.push(
            "MCP: on this address every name in the header Host is answered: list those that gateways use with \
             --http-allowed-hosts, so that no page in a browser gets through under another"
                .to_owned(),
        );
    }
    if is_local && listen.tls.is_none() && settings.allowed_hosts.iter().any(|host| host.trim() == "*") {
        findings.warnings.push(
            "MCP: allowed_hosts is *: a page in a browser on this machine can reach the plugins under a name of its own; list \
             the names that gateways use"
                .to_owned(),
        );
    }
    if listen.tls.is_some()
        && let Some(health) = listen
            .port
            .checked_add(PORT_DISTANCE)
            .filter(|_| listen.port != 0)
    {
        port(
            &format!("MCP (health and metrics, {PORT_DISTANCE} above the port with TLS)"),
            host,
            health,
            "--http-port",
            findings,
        );
    }
}

/// Two servers at one address.
#[cfg(all(feature = "grpc", feature = "mcp"))]
pub(super) fn together(grpc: &ListenSettings, http: &ListenSettings, findings: &mut Findings) {
    if grpc.uds.is_some() || http.uds.is_some() {
        return;
    }
    if grpc.port == http.port && grpc.port != 0 {
        findings.problems.push(format!(
            "gRPC and MCP listen on the same port, {}: choose another with --grpc-port or --http-port",
            grpc.port
        ));
    } else if http.tls.is_some() && http.port.checked_add(PORT_DISTANCE) == Some(grpc.port) {
        findings.problems.push(format!(
            "gRPC listens on port {}, where MCP with TLS has its health and metrics ({PORT_DISTANCE} above its port): choose another with \
             --grpc-port or --http-port",
            grpc.port
        ));
    }
}
