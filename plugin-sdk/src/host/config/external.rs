//! An entry with `kind: external`.

use super::{EXTERNAL, plugin::PluginConfig, rules, sections, target::Target, variables::Variables};
use crate::{
    host::error::HostError,
    value::{Map, Value},
    yaml::{fields::Fields, findings::Findings, node::Node},
};

/// An entry with `kind: external`: what the operator wrote, and where the server is.
#[derive(Clone, Debug)]
pub struct ExternalPluginConfig {
    local: PluginConfig,
    target: Target,
}

impl ExternalPluginConfig {
    /// Of an entry that does not come from a file. What the entry leaves to the environment is read from there.
    ///
    /// ```
    /// use plugin_sdk::{Map, Value, host::ExternalPluginConfig};
    ///
    /// let entry = serde_json::json!({
    ///     "name": "Words", "kind": "external", "hooks": ["tool_pre_invoke"], "unix_socket": {"path": "/run/words.sock"}
    /// });
    /// let Value::Object(entry) = Value::from(entry) else { unreachable!() };
    /// let entry = ExternalPluginConfig::new(&entry)?;
    /// assert_eq!(entry.local().name(), "Words");
    /// # Ok::<(), plugin_sdk::host::HostError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`HostError::Configuration`] with all that is wrong with it by the hosts' rules.
    pub fn new(document: &Map) -> Result<Self, HostError> {
        let mut findings = Findings::without_file();
        let node = Node::of_value(&Value::Object(document.clone()));
        let entry = Self::read("", &node, &Variables::read(), &mut findings);
        for warning in &findings.warnings {
            tracing::warn!("{warning}");
        }
        entry.ok_or(HostError::Configuration {
            problems: findings.problems,
        })
    }

    /// Reads the entry at `path`. `None` if it can't be used; then the findings say why.
    pub(super) fn read(
        path: &str,
        node: &Node,
        variables: &Variables,
        findings: &mut Findings,
    ) -> Option<Self> {
        let checked = rules::check(path, node, findings);
        let target = sections::read(path, node, variables, findings);
        let document = checked?;
        let mut fields = Fields { path, node, findings };
        if document["kind"] != EXTERNAL {
            fields.problem(
                "kind",
                format!("must be \"{EXTERNAL}\" for a plugin in another process"),
            );
            return None;
        }
        if document
            .get("config")
            .and_then(Value::as_object)
            .is_some_and(|config| !config.is_empty())
        {
            fields.problem(
                "config",
                "the settings of an external plugin belong into the file of its server",
            );
            return None;
        }
        Some(Self {
            local: PluginConfig::of_checked(document),
            target: target?,
        })
    }

    /// What the operator wrote.
    pub fn local(&self) -> &PluginConfig {
        &self.local
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// What the server reports, overwritten by what the operator wrote ([protocol, section
    /// 9.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#94-merge-on-the-host)).
    ///
    /// # Errors
    ///
    /// [`HostError::RemoteConfiguration`] when what is reported is not valid, on its own or together with the entry.
    pub fn merged_with(&self, remote: &Map) -> Result<PluginConfig, HostError> {
        let checked = |document: &Map| {
            let mut findings = Findings::without_file();
            let node = Node::of_value(&Value::Object(document.clone()));
            rules::check("", &node, &mut findings).ok_or(HostError::RemoteConfiguration {
                plugin: self.local.name().to_owned(),
                problems: findings.problems,
            })
        };
        let mut merged = checked(remote)?;
        let local = self.local.document();
        merged.extend(local.iter().map(|(key, value)| (key, value.clone())));
        checked(&merged).map(PluginConfig::of_checked)
    }
}
