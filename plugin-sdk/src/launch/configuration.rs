//! What runs and how: the configuration file, the environment, the flags and the plugins themselves, combined.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::settings::{
    Flags, Settings,
    launcher::{CONFIG, DEFAULT_FILE, FAIL_ON_PLUGIN_ERROR},
    path,
};
use super::yaml::ConfigurationFile;
use super::yaml::entry::Entry;
use super::yaml::findings::{Findings, located};
use crate::dispatch::{InstanceConfig, StartError};
use crate::environment::Environment;
use crate::manifest::{Manifest, Mode, OnError};
use crate::plugin::{PluginKind, PluginSettings};
use crate::yaml::document;

/// Everything that is known before the first plugin is created.
pub(crate) struct Configuration {
    pub(crate) kinds: Vec<PluginKind>,
    pub(crate) instances: Vec<InstanceConfig>,
    pub(crate) settings: Settings,
    pub(crate) fail_on_plugin_error: bool,
    file: Option<ConfigurationFile>,
}

/// A file and who named it.
struct ConfigurationPath {
    path: PathBuf,
    /// `None`: it is the default, and need not exist.
    named_by: Option<String>,
}

impl Configuration {
    /// Reads the configuration. What is wrong goes to the findings; the outcome holds what is right.
    pub(crate) fn load(
        kinds: Vec<PluginKind>,
        file: Option<&Path>,
        flags: &Flags,
        environment: &Environment,
    ) -> (Self, Findings) {
        let place = ConfigurationPath::find(file, environment);
        let mut findings = Findings::new(&place.path);
        findings.warnings.extend(environment.warnings.iter().cloned());
        let file = place.read(environment, &mut findings);
        let settings = Settings::resolve(flags, file.as_ref(), environment, &mut findings);
        let fail_on_plugin_error = FAIL_ON_PLUGIN_ERROR.is_on(environment, &mut findings.problems);
        let instances = match &file {
            Some(file) => file
                .entries
                .iter()
                .map(|entry| configured(entry, &kinds))
                .collect(),
            None if place.named_by.is_some() => Vec::new(),
            None => kinds
                .iter()
                .map(|kind| InstanceConfig::of_manifest(&kind.manifest))
                .collect(),
        };
        let names = if file.is_none() { instances.as_slice() } else { &[] };
        findings.problems.extend(ambiguous(&kinds, names));
        (
            Self {
                kinds,
                instances,
                settings,
                fail_on_plugin_error,
                file,
            },
            findings,
        )
    }

    /// The path of the file, if there is one.
    #[cfg(feature = "mcp")]
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let file = self.file.as_ref()?;
        std::path::absolute(&file.path).ok()
    }

    /// An error at the start, with the place in the file that it is about.
    pub(crate) fn explain(&self, error: &StartError) -> String {
        let Some(file) = &self.file else {
            return format!(
                "{error} (there is no {DEFAULT_FILE}, so it has no settings; name a file with --config)"
            );
        };
        let Some(entry) = file.entry(error.plugin_name()) else {
            return located(&file.path, None, "", &error.to_string());
        };
        match error.key() {
            Some(key) => located(
                &file.path,
                Some(entry.line_of(key)),
                &format!("{}.{key}", entry.path),
                error.message(),
            ),
            None => located(
                &file.path,
                Some(entry.line_of("name")),
                &entry.path,
                &error.to_string(),
            ),
        }
    }

    /// A message about a key of an instance's entry, with its place in the file.
    pub(crate) fn located(&self, instance: &InstanceConfig, key: &str, message: &str) -> String {
        let entry = self.file.as_ref().and_then(|file| {
            let entry = file.entry(&instance.name)?;
            Some((file, entry))
        });
        match entry {
            Some((file, entry)) => located(
                &file.path,
                Some(entry.line_of(key)),
                &format!("{}.{key}", entry.path),
                message,
            ),
            None => format!("plugin {}: {key}: {message}", instance.name),
        }
    }

    /// Whether the file has no mistake in the entry of `instance`.
    pub(crate) fn is_sound(&self, instance: &InstanceConfig) -> bool {
        let entry = self.file.as_ref().and_then(|file| file.entry(&instance.name));
        entry.is_none_or(|entry| entry.is_sound)
    }

    /// The configuration file, if there is one.
    pub(crate) fn configuration_file(&self) -> Option<&ConfigurationFile> {
        self.file.as_ref()
    }

    /// What the hooks of `instance` are: those of its entry, else those of its kind.
    pub(crate) fn hooks_of(&self, instance: &InstanceConfig) -> Vec<String> {
        match (&instance.hooks, find(&self.kinds, &instance.kind)) {
            (Some(hooks), _) => hooks.clone(),
            (None, Some(manifest)) => hook_names(manifest).map(str::to_owned).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// What the plugin of `instance` says of itself. `None` for a kind that this program does not have.
    pub(crate) fn manifest_of(&self, instance: &InstanceConfig) -> Option<&Manifest> {
        find(&self.kinds, &instance.kind)
    }
}

impl ConfigurationPath {
    fn find(flag: Option<&Path>, environment: &Environment) -> Self {
        if let Some(path) = flag {
            return Self {
                path: path.to_owned(),
                named_by: Some("--config".to_owned()),
            };
        }
        match CONFIG.in_environment(environment) {
            Some((name, text)) => {
                let home = text.starts_with("~/").then(|| path(text)).flatten();
                Self {
                    path: home.unwrap_or_else(|| PathBuf::from(text)),
                    named_by: Some(name),
                }
            }
            None => Self {
                path: PathBuf::from(DEFAULT_FILE),
                named_by: None,
            },
        }
    }

    fn read(&self, environment: &Environment, findings: &mut Findings) -> Option<ConfigurationFile> {
        match document::read(&self.path) {
            Ok(source) => {
                let variables = environment.template_variables();
                return Some(ConfigurationFile::read(&self.path, &source, &variables, findings));
            }
            Err(error) => match (error.kind(), &self.named_by) {
                (ErrorKind::NotFound, None) => {}
                (ErrorKind::NotFound, Some(named_by)) => {
                    let message = format!("there is no such file; {named_by} names it");
                    findings.problem(None, "", message);
                }
                _ => findings.problem(None, "", format!("cannot be read: {error}")),
            },
        }
        None
    }
}

/// The instance that an entry of the file describes. Where the entry does not say how the plugin is run, the
/// plugin's own defaults hold.
fn configured(entry: &Entry, kinds: &[PluginKind]) -> InstanceConfig {
    let manifest = find(kinds, &entry.kind);
    let disabled = match &entry.mode {
        Some(mode) => mode == Mode::Disabled.as_str(),
        None => manifest.is_some_and(|manifest| manifest.mode == Mode::Disabled),
    };
    let ignore_errors = entry
        .ignores_errors()
        .or_else(|| Some(manifest?.on_error != OnError::Fail));
    InstanceConfig {
        name: entry.name.clone(),
        kind: entry.kind.clone(),
        hooks: entry.hooks.clone(),
        disabled,
        ignore_errors: ignore_errors.unwrap_or(false),
        settings: PluginSettings::from(entry.settings.clone()),
        reported: entry.reported.clone(),
    }
}

fn hook_names(manifest: &Manifest) -> impl Iterator<Item = &'static str> {
    manifest.hooks.iter().map(|hook| hook.name)
}

fn find<'a>(kinds: &'a [PluginKind], kind: &str) -> Option<&'a Manifest> {
    kinds
        .iter()
        .map(|known| &known.manifest)
        .find(|manifest| manifest.kind == kind)
}

/// Plugins of the program that can't be told apart: by their kind in a file, by their name without one.
fn ambiguous(kinds: &[PluginKind], instances: &[InstanceConfig]) -> Vec<String> {
    let repeated = |words: Vec<&str>| -> Vec<String> {
        let again = |(at, word): (usize, &&str)| words[..at].contains(word).then(|| (*word).to_owned());
        words.iter().enumerate().filter_map(again).collect()
    };
    let of_kind = repeated(kinds.iter().map(|kind| kind.manifest.kind.as_str()).collect());
    let of_name = repeated(instances.iter().map(|instance| instance.name.as_str()).collect());
    let message = |key: &str, word: &str| {
        format!(
            "two plugins of this program have the {key} `{word}`: give one another with `{key} = \"...\"` in #[plugin]"
        )
    };
    let of_kind = of_kind.iter().map(|kind| message("kind", kind));
    of_kind
        .chain(of_name.iter().map(|name| message("name", name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_looked_up_by_its_name() {
        let count = 20_000;
        let entries = (0..count).map(|index| format!("- {{name: p{index}, kind: k, mode: sequential}}\n"));
        let source = format!(
            "plugins:\n- {{name: bad, kind: k, mode: x}}\n{}",
            entries.collect::<String>()
        );
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("plugins.yaml");
        std::fs::write(&path, source).unwrap();
        let (configuration, _) =
            Configuration::load(Vec::new(), Some(&path), &Vec::new(), &Environment::default());
        let started = std::time::Instant::now();
        let instances = configuration.instances.iter();
        let sound = instances
            .filter(|instance| configuration.is_sound(instance))
            .count();
        assert_eq!((sound, configuration.instances.len()), (count, count + 1));
        assert!(started.elapsed().as_secs() < 1);
    }
}
