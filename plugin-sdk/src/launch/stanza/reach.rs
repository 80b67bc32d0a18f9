//! The address by which a gateway reaches a server.

#[cfg(feature = "mcp")]
use std::net::{Ipv4Addr, Ipv6Addr};
use std::{borrow::Cow, net::IpAddr};

use crate::{
    server::listener::ListenSettings,
    tls::{Name, certificate},
};

/// Host and port, and what is to be said about them.
pub(super) type Reach = (String, Cow<'static, str>);

/// The address by which a gateway reaches a server.
pub(super) fn reachable(listen: &ListenSettings) -> Reach {
    let (host, remark) = match listen.bare_host() {
        "0.0.0.0" | "::" => (
            "localhost",
            "The server listens on every address: put the name by which the gateway reaches it in place of localhost.",
        ),
        host => (host, ""),
    };
    certified(listen, host, remark)
}

/// The same for a `url`, in which a gateway takes no IPv6 address, and by default no loopback or private one
/// ([protocol, section
/// 9.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#95-entry-of-the-gateway)).
#[cfg(feature = "mcp")]
pub(super) fn reachable_by_url(listen: &ListenSettings) -> Reach {
    match listen.bare_host().parse() {
        Ok(IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST)) => {
            certified(listen, "localhost", "")
        }
        Ok(IpAddr::V6(address)) if !address.is_unspecified() => certified(
            listen,
            "localhost",
            "A gateway takes no IPv6 address in a url: put a name of this machine in place of localhost.",
        ),
        Ok(IpAddr::V4(address))
            if address.is_loopback() || address.is_private() || address.is_link_local() =>
        {
            certified(
                listen,
                listen.bare_host(),
                "A gateway takes a private address only with PLUGINS_SSRF_PROTECTION_ENABLED=false, and a name always.",
            )
        }
        _ => reachable(listen),
    }
}

/// The host, or one that the server's certificate is made out to: gateways check it.
fn certified(listen: &ListenSettings, host: &str, remark: &'static str) -> Reach {
    let at_port = |host: &str| {
        if host.contains(':') {
            format!("[{host}]:{}", listen.port)
        } else {
            format!("{host}:{}", listen.port)
        }
    };
    let names = match &listen.tls {
        Some(tls) => certificate::names(&tls.certfile),
        None => Vec::new(),
    };
    if names.is_empty() || names.iter().any(|name| name.is_of(host)) {
        return (at_port(host), remark.into());
    }
    let texts: Vec<_> = names.iter().map(Name::to_string).collect();
    let made_out = format!("The server's certificate is made out to {}", texts.join(", "));
    let is_local = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let preference = |name: &Name| match name {
        Name::Dns(text) if text.starts_with('*') => None,
        Name::Dns(_) if name.is_of("localhost") => Some(if is_local { 0 } else { 2 }),
        Name::Dns(_) => Some(1),
        Name::Address(_) => Some(3),
    };
    let best = names
        .iter()
        .filter_map(|name| Some((preference(name)?, name)))
        .min_by_key(|(preference, _)| *preference);
    match best.map(|(_, name)| name) {
        Some(name) => (
            at_port(&name.to_string()),
            format!(
                "{made_out}, and the server listens on {}: {name} must lead there.",
                listen.bare_host()
            )
            .into(),
        ),
        None => (
            at_port(host),
            format!("{made_out}: put such a name in place of {host}.").into(),
        ),
    }
}
