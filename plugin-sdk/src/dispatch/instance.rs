//! A configured plugin: its name, its hooks, and what hosts are told about it.

use std::sync::Arc;

use super::{StartError, conduct::Conduct, counts::Counts, older_hosts};
use crate::{
    codec::{CodecError, to_struct},
    manifest::{DEFAULT_PRIORITY, Manifest, Mode, OnError},
    plugin::{ErasedPlugin, PluginKind, PluginSettings},
    protocol::plugin_config::Vocabulary,
    repeated::Repeated,
    value::{Map, Value},
};

/// One entry of the `plugins` of a server's YAML.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstanceConfig {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// All hooks of the kind, if the entry names none.
    pub(crate) hooks: Option<Vec<String>>,
    pub(crate) disabled: bool,
    /// A failing call is answered as if the plugin had let it pass (`on_error: ignore` or `disable`).
    pub(crate) ignore_errors: bool,
    pub(crate) settings: PluginSettings,
    /// The entry as the file has it.
    pub(crate) reported: Map,
}

impl InstanceConfig {
    /// The instance that runs when there is no YAML: the plugin under its own name with its defaults.
    pub(crate) fn of_manifest(manifest: &Manifest) -> Self {
        Self {
            name: manifest.name.clone(),
            kind: manifest.kind.clone(),
            disabled: manifest.mode == Mode::Disabled,
            ignore_errors: manifest.on_error != OnError::Fail,
            ..Self::default()
        }
    }
}

/// A plugin that can be called.
pub(crate) struct Instance {
    pub(crate) name: Arc<str>,
    pub(crate) ignore_errors: bool,
    pub(crate) reported: Reported,
    hooks: Vec<InstanceHook>,
    /// `None` for a plugin that is disabled, or that failed to start although the server may start without it.
    plugin: Option<Arc<dyn ErasedPlugin>>,
}

/// A hook of an instance.
pub(crate) struct InstanceHook {
    pub(crate) name: String,
    /// Its place in the manifest, by which the plugin knows it.
    pub(crate) index: usize,
    pub(crate) conduct: Conduct,
    pub(crate) counts: Counts,
    /// Failures of it in the log.
    pub(crate) failures: Repeated,
}

/// What hosts are told about an instance, made once.
pub(crate) struct Reported {
    current: Vec<u8>,
    older: Vec<u8>,
    json: String,
}

impl Instance {
    /// An instance of a running plugin.
    pub(crate) fn new(
        config: &InstanceConfig,
        manifest: &Manifest,
        plugin: Option<Arc<dyn ErasedPlugin>>,
    ) -> Self {
        Self {
            name: config.name.as_str().into(),
            ignore_errors: config.ignore_errors,
            reported: Reported::new(config, Some(manifest)),
            hooks: hooks(config, manifest),
            plugin,
        }
    }

    /// An instance that can't be called: what the file has of it is still reported.
    pub(crate) fn missing(config: &InstanceConfig) -> Self {
        Self {
            name: config.name.as_str().into(),
            ignore_errors: false,
            reported: Reported::new(config, None),
            hooks: Vec::new(),
            plugin: None,
        }
    }

    /// The plugin and the hook to call, and where the hook stands among those of the instance.
    pub(crate) fn hook(&self, name: &[u8]) -> Option<(usize, &Arc<dyn ErasedPlugin>, &InstanceHook)> {
        let plugin = self.plugin.as_ref()?;
        let mut hooks = self.hooks.iter().enumerate();
        let (place, hook) = hooks.find(|(_, hook)| hook.name.as_bytes() == name)?;
        Some((place, plugin, hook))
    }

    pub(crate) fn hooks(&self) -> &[InstanceHook] {
        &self.hooks
    }

    pub(crate) fn plugin(&self) -> Option<&Arc<dyn ErasedPlugin>> {
        self.plugin.as_ref()
    }
}

/// The hooks of an instance; what its kind does not have is left out.
fn hooks(config: &InstanceConfig, manifest: &Manifest) -> Vec<InstanceHook> {
    let hook = |index: usize| InstanceHook {
        name: manifest.hooks[index].name.to_owned(),
        index,
        conduct: Conduct::of(manifest.hooks[index].blocking),
        counts: Counts::of(&config.name, manifest.hooks[index].name),
        failures: Repeated::new(format!(
            "failures of {} in {}",
            config.name, manifest.hooks[index].name
        )),
    };
    let all = || 0..manifest.hooks.len();
    match &config.hooks {
        None => all().map(hook).collect(),
        Some(names) => {
            let place = |name: &String| all().find(|index| manifest.hooks[*index].name == *name);
            names.iter().filter_map(place).map(hook).collect()
        }
    }
}

/// An error for each hook of the entry that its kind does not have.
pub(crate) fn unknown_hooks(
    config: &InstanceConfig,
    manifest: &Manifest,
) -> impl Iterator<Item = StartError> {
    let is_unknown = |name: &str| manifest.hooks.iter().all(|known| known.name != name);
    let names = config.hooks.iter().flatten().enumerate();
    names
        .filter(move |(_, name)| is_unknown(name))
        .map(|(place, name)| StartError::unknown_hook(config, place, name, manifest))
}

impl Reported {
    fn new(config: &InstanceConfig, manifest: Option<&Manifest>) -> Self {
        let mut reported = config.reported.clone();
        let mut fill_in = |key: &str, value: Value| {
            if !reported.contains_key(key) {
                reported.insert(key.to_owned(), value);
            }
        };
        fill_in("name", config.name.as_str().into());
        fill_in("kind", config.kind.as_str().into());
        if let Some(manifest) = manifest {
            let hooks: Vec<&str> = manifest.hooks.iter().map(|hook| hook.name).collect();
            fill_in("hooks", hooks.into());
            // What the hosts take for granted is left out: the older ones know other names for it. A legacy mode stands for an
            // `on_error` too, which one that is filled in would hide.
            let has_mode = config.reported.contains_key("mode");
            let behaviour = [
                (
                    "mode",
                    Value::from(manifest.mode.as_str()),
                    manifest.mode != Mode::default(),
                ),
                (
                    "priority",
                    manifest.priority.into(),
                    manifest.priority != DEFAULT_PRIORITY,
                ),
                (
                    "on_error",
                    manifest.on_error.as_str().into(),
                    manifest.on_error != OnError::default() && !has_mode,
                ),
                (
                    "capabilities",
                    manifest.capability_names().into(),
                    !manifest.capabilities.is_empty(),
                ),
            ];
            // An operator's entry is reported as it is; only a plugin without one describes itself.
            let described = config.reported.is_empty();
            let description = [
                (
                    "description",
                    Value::from(manifest.description.as_str()),
                    !manifest.description.is_empty(),
                ),
                (
                    "author",
                    manifest.author.as_str().into(),
                    !manifest.author.is_empty(),
                ),
                (
                    "version",
                    manifest.version.as_str().into(),
                    !manifest.version.is_empty(),
                ),
                ("tags", manifest.tags.clone().into(), !manifest.tags.is_empty()),
            ];
            let description = description.into_iter().filter(|_| described);
            for (key, value, is_set) in behaviour.into_iter().chain(description) {
                if is_set {
                    fill_in(key, value);
                }
            }
        }
        reported.retain(|key, value| match entry(key, value) {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(plugin_name = config.name, %error, "hosts are not told the plugin's `{key}`");
                false
            }
        });
        Self {
            current: entries(&reported),
            older: entries(&older_hosts::translated(&reported)),
            json: Value::Object(older_hosts::for_all(&reported)).to_string(),
        }
    }

    /// The configuration as JSON, for hosts of whatever age.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    /// The configuration as a host with this vocabulary takes it.
    pub(crate) fn wire(&self, vocabulary: Vocabulary) -> &[u8] {
        match vocabulary {
            Vocabulary::Current => &self.current,
            Vocabulary::Older => &self.older,
        }
    }
}

/// A `Struct` with one entry.
fn entry(key: &str, value: &Value) -> Result<Vec<u8>, CodecError> {
    to_struct(&Map::from([(key, value.clone())]))
}

/// A `Struct` with every entry that has a form in it: the bytes of several are those of each in a row.
fn entries(map: &Map) -> Vec<u8> {
    let entries = map.iter().filter_map(|(key, value)| entry(key, value).ok());
    entries.flatten().collect()
}

/// Makes the plugin of an instance, or says why it can't be made.
pub(crate) async fn start(kinds: &[PluginKind], config: &InstanceConfig) -> Result<Instance, StartError> {
    let Some(kind) = kinds.iter().find(|kind| kind.manifest.kind == config.kind) else {
        return Err(StartError::unknown_kind(config, kinds));
    };
    // Before the plugin connects to anything.
    if let Some(error) = unknown_hooks(config, &kind.manifest).next() {
        return Err(error);
    }
    if config.disabled {
        return Ok(Instance::new(config, &kind.manifest, None));
    }
    let plugin = super::guard::no_panic(kind.create(config.settings.clone()))
        .await
        .map_err(|panic| {
            tracing::debug!(plugin_name = config.name, "the panic says: {}", panic.text());
            StartError::new(&config.name, format!("`configure` {panic}"))
        })?
        .map_err(|error| StartError::of_configure(&config.name, error))?;
    Ok(Instance::new(config, &kind.manifest, Some(plugin)))
}
