//! What the plugins are, in the words of hosts and catalogues.

use serde::Serialize;

use super::cli::Format;
use super::configuration::Configuration;
use crate::dispatch::InstanceConfig;
use crate::manifest::Manifest;
use crate::plugin::PluginKind;
use crate::value::{Map, Value};

/// A `plugin-manifest.yaml`, as the installer and the catalogue read it (protocol.md, section 9.7).
#[derive(Serialize)]
struct PluginManifest<'a> {
    name: &'a str,
    kind: &'a str,
    description: &'a str,
    author: &'a str,
    version: &'a str,
    tags: &'a [String],
    available_hooks: Vec<&'static str>,
    default_config: Map,
}

/// The manifests of all plugins: documents of one YAML stream, or a JSON array when there are several.
pub(crate) fn manifests(kinds: &[PluginKind], format: Format) -> Result<String, String> {
    let manifests: Vec<_> = kinds
        .iter()
        .map(|kind| PluginManifest::of(&kind.manifest))
        .collect();
    match (format, manifests.as_slice()) {
        (Format::Json, [manifest]) => json(manifest),
        (Format::Json, manifests) => json(manifests),
        (Format::Yaml, manifests) => {
            let documents: Result<Vec<_>, _> = manifests.iter().map(yaml).collect();
            Ok(documents?.join("---\n"))
        }
    }
}

impl<'a> PluginManifest<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        Self {
            name: &manifest.name,
            kind: &manifest.kind,
            description: &manifest.description,
            author: &manifest.author,
            version: &manifest.version,
            tags: &manifest.tags,
            available_hooks: manifest.hooks.iter().map(|hook| hook.name).collect(),
            default_config: Map::new(),
        }
    }
}

/// The stanza for the gateway's file, for a server on the Unix socket of the settings.
///
/// Hosts don't merge a server's configuration over a Unix socket, so hooks, mode and priority have to be in
/// the stanza; without hooks a plugin would never be called.
pub(crate) fn unix_stanza(configuration: &Configuration) -> Result<String, String> {
    let settings = &configuration.settings;
    // A host that gives up before the server does would read the late answer as that to its next call.
    let timeout = (settings.limits.call_timeout.as_secs_f64() + 5.0).max(30.0);
    let mut section = Map::new();
    section.insert(
        "path".to_owned(),
        settings.socket_path.display().to_string().into(),
    );
    section.insert("timeout".to_owned(), timeout.into());
    stanza(configuration, "unix_socket", &section)
}

/// The stanza for the gateway's file, for a gRPC server of the settings.
#[cfg(feature = "grpc")]
pub(crate) fn grpc_stanza(configuration: &Configuration) -> Result<String, String> {
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
    Ok(header.to_owned() + &stanza(configuration, "grpc", &section)?)
}

/// The address by which a gateway reaches a server, and what is to be said about it.
#[cfg(feature = "grpc")]
fn reachable(listen: &crate::server::listener::ListenSettings) -> (String, &'static str) {
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

/// The section `tls` of a gateway whose server has this one.
#[cfg(feature = "grpc")]
fn client_tls(tls: &crate::server::tls::TlsSettings) -> Map {
    let placeholder = |name: &str| Value::from(format!("/path/on/the/gateway/{name}"));
    let mut client = Map::from([("ca_bundle", placeholder("authority-of-the-server.pem"))]);
    if tls.client_auth != crate::server::tls::ClientAuth::None {
        client.insert("certfile".to_owned(), placeholder("client.pem"));
        client.insert("keyfile".to_owned(), placeholder("client.key"));
    }
    client
}

fn stanza(configuration: &Configuration, transport: &str, section: &Map) -> Result<String, String> {
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

fn json(value: &(impl Serialize + ?Sized)) -> Result<String, String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn yaml(value: &impl Serialize) -> Result<String, String> {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: false,
        prefer_block_scalars: false,
    };
    let text = serde_saphyr::to_string_with_options(value, options).map_err(|error| error.to_string())?;
    Ok(text.trim_end().to_owned() + "\n")
}
