//! What a host knows of a plugin: an entry of `plugins`, checked.

use super::rules;
use crate::{
    host::error::HostError,
    manifest::{Capability, DEFAULT_PRIORITY, Manifest, Mode, OnError},
    value::{Map, Value},
    yaml::{findings::Findings, node::Node},
};

/// The configuration of a plugin ([protocol, section
/// 9.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#91-plugin-entry)): an entry that
/// passed the hosts' rules, with legacy names of modes translated. Keys that are not set have the hosts' defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginConfig {
    document: Map,
    name: String,
    hooks: Vec<String>,
    mode: Mode,
    on_error: OnError,
    capabilities: Vec<Capability>,
    priority: i64,
}

impl PluginConfig {
    /// Of an entry that does not come from a file, such as the one that a server reports.
    ///
    /// # Errors
    ///
    /// [`HostError::Configuration`] with all that is wrong with it by the hosts' rules.
    pub fn new(document: &Map) -> Result<Self, HostError> {
        let mut findings = Findings::without_file();
        let node = Node::of_value(&Value::Object(document.clone()));
        let checked = rules::check("", &node, &mut findings);
        checked.map(Self::of_checked).ok_or(HostError::Configuration {
            problems: findings.problems,
        })
    }

    /// Of a document that was checked.
    pub(crate) fn of_checked(document: Map) -> Self {
        let text = |key: &str| document.get(key).and_then(Value::as_str);
        let texts = |key: &str| {
            let list = document.get(key).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str)
        };
        Self {
            name: text("name").unwrap_or_default().to_owned(),
            hooks: texts("hooks").map(str::to_owned).collect(),
            mode: text("mode").and_then(Mode::from_name).unwrap_or_default(),
            on_error: text("on_error").and_then(OnError::from_name).unwrap_or_default(),
            capabilities: texts("capabilities").filter_map(Capability::from_name).collect(),
            priority: document
                .get("priority")
                .and_then(Value::as_i64)
                .unwrap_or(DEFAULT_PRIORITY),
            document,
        }
    }

    /// Of a plugin in the same process.
    pub(crate) fn of_manifest(manifest: &Manifest) -> Self {
        let hooks: Vec<&str> = manifest.hooks.iter().map(|hook| hook.name).collect();
        Self::of_checked(Map::from([
            ("name", Value::from(manifest.name.as_str())),
            ("kind", manifest.kind.as_str().into()),
            ("hooks", hooks.into()),
            ("mode", manifest.mode.as_str().into()),
            ("on_error", manifest.on_error.as_str().into()),
            ("priority", manifest.priority.into()),
            ("capabilities", manifest.capability_names().into()),
        ]))
    }

    pub(crate) fn into_document(self) -> Map {
        self.document
    }

    /// The name, under which the server knows the plugin too.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hooks that the plugin is called for.
    pub fn hooks(&self) -> impl ExactSizeIterator<Item = &str> {
        self.hooks.iter().map(String::as_str)
    }

    /// What the plugin may do, and when it runs.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What becomes of a request when the plugin fails.
    pub fn on_error(&self) -> OnError {
        self.on_error
    }

    /// What the plugin asks to see or change beyond the payload.
    pub fn capabilities(&self) -> impl ExactSizeIterator<Item = Capability> {
        self.capabilities.iter().copied()
    }

    /// Where it stands among the plugins of its mode: the lowest number runs first. 100 if not set.
    pub fn priority(&self) -> i64 {
        self.priority
    }

    /// Everything that is set: `description`, `tags`, `conditions` and the like, with the host's names.
    pub fn document(&self) -> &Map {
        &self.document
    }
}
