//! The gateway's file.

use std::{
    collections::{HashMap, hash_map},
    path::{Path, PathBuf},
};

use super::{EXTERNAL, ExternalPluginConfig, PluginConfig, file, rules, variables::Variables};
use crate::{
    host::error::HostError,
    manifest::Mode,
    yaml::{document, findings::Findings, node::Node},
};

/// The plugins in a gateway's file.
#[derive(Clone, Debug, Default)]
pub struct GatewayConfig {
    external: Vec<ExternalPluginConfig>,
    others: Vec<PluginConfig>,
    /// Whether the first plugin that can't be used is an error.
    pub(in crate::host) fail_on_plugin_error: bool,
}

impl GatewayConfig {
    /// Reads a file. It is a template: `{{ env.NAME }}` stands for a variable of the environment.
    ///
    /// The second of two entries with one name is skipped with a warning, as hosts do.
    ///
    /// # Errors
    ///
    /// [`HostError::Configuration`] with all that is wrong with it; each problem names its line and its key.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, HostError> {
        Self::load_with(path.as_ref(), &Variables::read())
    }

    /// Reads the file that hosts read: that in `PLUGINS_CONFIG_FILE`, or `plugins/config.yaml`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn from_environment() -> Result<Self, HostError> {
        let variables = Variables::read();
        let path = PathBuf::from(variables.config_file());
        Self::load_with(&path, &variables)
    }

    fn load_with(path: &Path, variables: &Variables) -> Result<Self, HostError> {
        let text = document::read(path).map_err(|error| HostError::Configuration {
            problems: vec![format!("{}: can't be read: {error}", path.display())],
        })?;
        Self::parse_with(path, &text, variables)
    }

    /// Reads the text of a file that stands, or could stand, at `path`; errors name it.
    ///
    /// ```
    /// use plugin_sdk::host::GatewayConfig;
    ///
    /// let text = "plugins:\n- {name: Words, kind: external, unix_socket: {path: run/words.sock}}\n";
    /// let error = GatewayConfig::parse("gateway.yaml", text).unwrap_err();
    /// assert!(error.to_string().starts_with("gateway.yaml:2: plugins[0].unix_socket.path: must be an absolute path"));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn parse(path: impl AsRef<Path>, text: &str) -> Result<Self, HostError> {
        Self::parse_with(path.as_ref(), text, &Variables::read())
    }

    pub(crate) fn parse_with(path: &Path, text: &str, variables: &Variables) -> Result<Self, HostError> {
        let mut findings = Findings::new(path);
        let mut config = Self::default();
        match variables.fail_on_plugin_error() {
            Ok(fails) => config.fail_on_plugin_error = fails,
            Err(message) => findings.problem(None, "", message),
        }
        if let Some(root) = document::parse(text, &variables.for_template(), &mut findings) {
            config.read(&root, variables, &mut findings);
        }
        for warning in &findings.warnings {
            tracing::warn!("{warning}");
        }
        if findings.problems.is_empty() {
            Ok(config)
        } else {
            Err(HostError::Configuration {
                problems: findings.problems,
            })
        }
    }

    fn read(&mut self, root: &Node, variables: &Variables, findings: &mut Findings) {
        if root.is_empty() {
            return;
        }
        if root.as_mapping().is_none() {
            let message = format!(
                "the file must be a mapping with the key plugins, not {}",
                root.kind_name()
            );
            return findings.problem(root.line, "", message);
        }
        file::check(root, findings);
        let Some(plugins) = root.get("plugins").filter(|plugins| !plugins.is_null()) else {
            return;
        };
        let Some(entries) = plugins.as_sequence() else {
            let message = format!("must be a list, not {}", plugins.kind_name());
            return findings.problem(plugins.line, "plugins", message);
        };
        let mut names = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("plugins[{index}]");
            let read = if entry.get("kind").and_then(Node::as_str) == Some(EXTERNAL) {
                ExternalPluginConfig::read(&path, entry, variables, findings).map(Entry::External)
            } else {
                rules::check(&path, entry, findings)
                    .map(|document| Entry::Other(PluginConfig::of_checked(document)))
            };
            let Some(read) = read else { continue };
            // Hosts don't load what is disabled, so its name is free.
            if read.config().mode() != Mode::Disabled {
                let line = entry.line_of("name");
                match names.entry(read.config().name().to_owned()) {
                    hash_map::Entry::Vacant(place) => {
                        place.insert((path, line));
                    }
                    hash_map::Entry::Occupied(place) => {
                        self.repeated(&path, line, (place.key(), place.get()), findings);
                        continue;
                    }
                }
            }
            match read {
                Entry::External(entry) => self.external.push(entry),
                Entry::Other(entry) => self.others.push(entry),
            }
        }
    }

    /// Notes an entry whose name an earlier one has: hosts skip it, or don't start.
    fn repeated(
        &self,
        path: &str,
        line: u64,
        (name, (earlier, at)): (&str, &(String, u64)),
        findings: &mut Findings,
    ) {
        let path = format!("{path}.name");
        let message = format!("\"{name}\" is already the name of {earlier} (line {at})");
        if self.fail_on_plugin_error {
            findings.problem(line, &path, format!("{message}; give each its own"));
        } else {
            findings.warning(
                line,
                &path,
                format!("{message}; this entry is skipped, give each its own"),
            );
        }
    }

    /// The plugins in other processes, in the order of the file.
    pub fn external(&self) -> impl ExactSizeIterator<Item = &ExternalPluginConfig> {
        self.external.iter()
    }

    /// The plugins that the gateway runs itself, in the order of the file. They are Python classes, and nothing to a Rust host.
    pub fn others(&self) -> impl ExactSizeIterator<Item = &PluginConfig> {
        self.others.iter()
    }
}

/// An entry of `plugins`, checked.
enum Entry {
    External(ExternalPluginConfig),
    Other(PluginConfig),
}

impl Entry {
    fn config(&self) -> &PluginConfig {
        match self {
            Self::External(entry) => entry.local(),
            Self::Other(entry) => entry,
        }
    }
}
