//! `gateway-config`: the stanza with which a gateway reaches the plugins.

#[cfg(feature = "mcp")]
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cli::Transport;
use super::configuration::Configuration;
use super::describe::yaml;
use super::transports::served;
use crate::dispatch::InstanceConfig;
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::server::listener::ListenSettings;
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::server::tls::{ClientAuth, TlsSettings};
use crate::value::{Map, Value};

/// The stanza for the gateway's file, for a server with these settings.
pub(crate) fn stanza(configuration: &Configuration, transport: Transport) -> Result<String, String> {
    match transport {
        #[cfg(feature = "unix")]
        Transport::Unix => unix(configuration),
        #[cfg(feature = "grpc")]
        Transport::Grpc => grpc(configuration),
        #[cfg(feature = "mcp")]
        Transport::Http => http(configuration),
        #[cfg(feature = "mcp")]
        Transport::Stdio => stdio(configuration),
        #[allow(unreachable_patterns, reason = "without all features there are others")]
        _ => {
            let _ = configuration;
            served(transport).map(|()| String::new())
        }
    }
}

/// Hosts don't merge a server's configuration over a Unix socket, so hooks, mode and priority have to be in
/// the stanza; without hooks a plugin would never be called.
#[cfg(feature = "unix")]
fn unix(configuration: &Configuration) -> Result<String, String> {
    let settings = &configuration.settings;
    // A host that gives up before the server does would read the late answer as that to its next call.
    let timeout = (settings.limits.call_timeout.as_secs_f64() + 5.0).max(30.0);
    let mut section = Map::new();
    section.insert(
        "path".to_owned(),
        settings.socket_path.display().to_string().into(),
    );
    section.insert("timeout".to_owned(), timeout.into());
    write(configuration, "unix_socket", &section)
}

#[cfg(feature = "grpc")]
fn grpc(configuration: &Configuration) -> Result<String, String> {
    let listen = &configuration.settings.grpc.listen;
    let mut section = Map::new();
    let mut header = "";
    if let Some(uds) = &listen.uds {
        section.insert("uds".to_owned(), uds.display().to_string().into());
    } else {
        let target;
        (target, header) = reachable(listen);
        section.insert("target".to_owned(), target.into());
        if let Some(tls) = &listen.tls {
            section.insert("tls".to_owned(), client_tls(tls).into());
        }
    }
    Ok(header.to_owned() + &write(configuration, "grpc", &section)?)
}

/// MCP over HTTP.
#[cfg(feature = "mcp")]
fn http(configuration: &Configuration) -> Result<String, String> {
    let listen = &configuration.settings.http.listen;
    let mut section = Map::from([("proto", Value::from("STREAMABLEHTTP"))]);
    let mut header = String::new();
    if let Some(uds) = &listen.uds {
        // The server takes no other name in the Host header than this one.
        section.insert("url".to_owned(), "http://localhost/mcp".into());
        section.insert("uds".to_owned(), uds.display().to_string().into());
    } else {
        let (address, remark) = reachable_by_url(listen);
        header.push_str(remark);
        let scheme = if listen.tls.is_some() { "https" } else { "http" };
        section.insert("url".to_owned(), format!("{scheme}://{address}/mcp").into());
        if let Some(tls) = &listen.tls {
            section.insert("tls".to_owned(), client_tls(tls).into());
        }
    }
    Ok(header + &write(configuration, "mcp", &section)?)
}

/// MCP over standard input and output: the gateway starts the server.
#[cfg(feature = "mcp")]
fn stdio(configuration: &Configuration) -> Result<String, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("the path of this program is not known: {error}"))?;
    let mut command = vec![
        program.display().to_string(),
        "--transport".to_owned(),
        Transport::Stdio.name().to_owned(),
    ];
    if let Some(file) = configuration.file() {
        command.extend(["--config".to_owned(), file.display().to_string()]);
    }
    let section = Map::from([("proto", Value::from("STDIO")), ("cmd", command.into())]);
    write(configuration, "mcp", &section)
}

/// The address by which a gateway reaches a server, and what is to be said about it.
#[cfg(any(feature = "grpc", feature = "mcp"))]
fn reachable(listen: &ListenSettings) -> (String, &'static str) {
    let (host, header) = match listen.bare_host() {
        "0.0.0.0" | "::" => (
            "localhost".to_owned(),
            "# The server listens on every address: put the name by which the gateway reaches it\n# in place of localhost.\n",
        ),
        host if host.contains(':') => (format!("[{host}]"), ""),
        host => (host.to_owned(), ""),
    };
    (format!("{host}:{}", listen.port), header)
}

/// The same for a `url`, in which a gateway takes no IPv6 address, and by default no loopback or private one
/// (protocol.md, section 9.5).
#[cfg(feature = "mcp")]
fn reachable_by_url(listen: &ListenSettings) -> (String, &'static str) {
    let localhost = || format!("localhost:{}", listen.port);
    match listen.bare_host().parse() {
        Ok(IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST)) => (localhost(), ""),
        Ok(IpAddr::V6(address)) if !address.is_unspecified() => (
            localhost(),
            "# A gateway takes no IPv6 address in a url: put a name of this machine in place of\n# localhost.\n",
        ),
        Ok(IpAddr::V4(address))
            if address.is_loopback() || address.is_private() || address.is_link_local() =>
        {
            (
                reachable(listen).0,
                "# A gateway takes a private address only with PLUGINS_SSRF_PROTECTION_ENABLED=false,\n# and a name always.\n",
            )
        }
        _ => reachable(listen),
    }
}

/// The section `tls` of a gateway whose server has this one.
#[cfg(any(feature = "grpc", feature = "mcp"))]
fn client_tls(tls: &TlsSettings) -> Map {
    let placeholder = |name: &str| Value::from(format!("/path/on/the/gateway/{name}"));
    let mut client = Map::from([("ca_bundle", placeholder("authority-of-the-server.pem"))]);
    if tls.client_auth != ClientAuth::None {
        client.insert("certfile".to_owned(), placeholder("client.pem"));
        client.insert("keyfile".to_owned(), placeholder("client.key"));
    }
    client
}

fn write(configuration: &Configuration, transport: &str, section: &Map) -> Result<String, String> {
    let entries = configuration
        .instances
        .iter()
        .map(|instance| entry(configuration, instance, transport, section));
    let mut stanza = Map::new();
    stanza.insert("plugins".to_owned(), Value::Array(entries.collect()));
    Ok(format!("{STANZA_HEADER}{}", yaml(&stanza)?))
}

const STANZA_HEADER: &str = "\
# For the gateway's plugin configuration. Gateways up to 1.0.0 know the mode
# \"sequential\" as \"enforce\" and \"transform\" as \"permissive\".
";

/// One entry of the gateway's file. What the plugin's own entry says is kept, except its settings, which a
/// host rejects there. Behind it, the plugin's own defaults.
fn entry(configuration: &Configuration, instance: &InstanceConfig, transport: &str, section: &Map) -> Value {
    let mut entry = Map::new();
    entry.insert("name".to_owned(), instance.name.clone().into());
    entry.insert("kind".to_owned(), "external".into());
    for (key, value) in instance
        .reported
        .iter()
        .filter(|(key, _)| !["name", "kind", "config"].contains(key))
    {
        entry.insert(key.to_owned(), value.clone());
    }
    let mut fill_in = |key: &str, value: Value| {
        if !entry.contains_key(key) {
            entry.insert(key.to_owned(), value);
        }
    };
    fill_in("hooks", configuration.hooks_of(instance).into());
    let has_mode = instance.reported.contains_key("mode");
    if let Some(manifest) = configuration.manifest_of(instance) {
        fill_in("mode", manifest.mode.clone().into());
        // A legacy mode stands for an on_error too, which one that is filled in would hide.
        if !has_mode && manifest.on_error != "fail" {
            fill_in("on_error", manifest.on_error.clone().into());
        }
        fill_in("priority", manifest.priority.into());
        if !manifest.capabilities.is_empty() {
            fill_in("capabilities", manifest.capabilities.clone().into());
        }
    }
    fill_in("mode", "sequential".into());
    fill_in("priority", 100.into());
    entry.insert(transport.to_owned(), Value::Object(section.clone()));
    Value::Object(entry)
}
