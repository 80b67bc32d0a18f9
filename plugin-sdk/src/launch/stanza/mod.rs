//! `gateway-config`: the stanza with which a gateway reaches the plugins.

mod bindings;
mod commented;
#[cfg(any(feature = "grpc", feature = "mcp"))]
mod reach;

use self::{
    bindings::binding,
    commented::{Field, comment, list},
};
use super::{configuration::Configuration, settings::Transport};
use crate::{
    dispatch::InstanceConfig,
    manifest::{DEFAULT_PRIORITY, Mode, OnError},
    value::{Map, Value},
};

/// The stanza for the gateway's file, for a server with these settings.
pub(crate) fn stanza(configuration: &Configuration, transport: Transport) -> Result<String, String> {
    let mut text = String::new();
    comment(&mut text, &binding(configuration, transport)?.remark, 0);
    comment(&mut text, HEADER, 0);
    let entries = configuration
        .instances
        .iter()
        .map(|instance| {
            let mut fields = entry(configuration, instance);
            fields.push(binding(configuration, transport)?.section);
            Ok(fields)
        })
        .collect::<Result<Vec<_>, String>>()?;
    Ok(text + &list("plugins", &entries)?)
}

const HEADER: &str = "For the gateway's plugin configuration, which PLUGINS_CONFIG_FILE names.";

/// What there is to know about the keys of an entry.
const COMMENTS: [(&str, &str); 14] = [
    (
        "name",
        "As the server has it. Gateways call the plugin by this name.",
    ),
    (
        "kind",
        "The plugin runs outside of the gateway; its settings are in the server's file.",
    ),
    ("description", "For people."),
    ("author", "Who wrote it."),
    ("version", "The plugin's version."),
    ("namespace", "For catalogues."),
    ("tags", "Words to find it by."),
    (
        "hooks",
        "When it is called. Over a Unix socket this list is all that the gateway knows: without it, never.",
    ),
    (
        "mode",
        "What it may do: sequential (deny and change), transform (change), audit (neither), concurrent (deny), \
         fire_and_forget (neither, in the background), or disabled. Gateways up to 1.0.0 know sequential as enforce and \
         transform as permissive.",
    ),
    (
        "on_error",
        "What becomes of a call when the plugin fails or can't be reached: fail (the caller gets the error), ignore (the \
         call goes on), or disable (so do all later ones).",
    ),
    (
        "priority",
        "Plugins with a lower one are called before it, within a mode.",
    ),
    (
        "conditions",
        "It is only called for requests that meet one of these.",
    ),
    (
        "capabilities",
        "What it may see and change besides the payload, on gateways that have that.",
    ),
    ("max_content_size", "The largest content in bytes."),
];

/// One entry of the gateway's file, but for where the server is. What the plugin's own entry says is kept, except its settings,
/// which a host rejects there. Behind it, the plugin's own defaults: hosts don't merge a server's configuration over a Unix socket,
/// so hooks, mode and priority have to be there.
fn entry(configuration: &Configuration, instance: &InstanceConfig) -> Vec<Field> {
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
        fill_in("mode", manifest.mode.as_str().into());
        // A legacy mode stands for an on_error too, which one that is filled in would hide.
        if !has_mode && manifest.on_error != OnError::Fail {
            fill_in("on_error", manifest.on_error.as_str().into());
        }
        fill_in("priority", manifest.priority.into());
        if !manifest.capabilities.is_empty() {
            fill_in("capabilities", manifest.capability_names().into());
        }
    }
    fill_in("mode", Mode::default().as_str().into());
    fill_in("priority", DEFAULT_PRIORITY.into());
    entry
        .iter()
        .map(|(key, value)| {
            let comment = COMMENTS.iter().find(|(known, _)| *known == key);
            Field::new(key, comment.map_or("", |(_, comment)| *comment), value.clone())
        })
        .collect()
}
