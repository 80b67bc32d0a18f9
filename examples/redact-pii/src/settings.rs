//! The settings, from `config` in the YAML.

use std::collections::BTreeMap;

use plugin_sdk::PluginError;
use serde::Deserialize;

use crate::detect::Kind;

/// What happens to personal data.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// It stays.
    Keep,
    /// Its name takes its place: `[EMAIL]`.
    Replace,
    /// All but its last characters become `*`.
    Mask,
    /// The call is denied.
    Deny,
}

/// What happens to each kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// What happens to kinds that `actions` does not name.
    pub(crate) default_action: Action,
    /// What happens to a kind.
    pub(crate) actions: BTreeMap<Kind, Action>,
    /// How many letters and digits at the end `mask` leaves.
    pub(crate) visible: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_action: Action::Replace,
            actions: BTreeMap::new(),
            visible: 4,
        }
    }
}

impl Settings {
    pub(crate) fn action(&self, kind: Kind) -> Action {
        self.actions.get(&kind).copied().unwrap_or(self.default_action)
    }

    /// Refuses settings under which nothing would ever happen, or that show too much.
    pub(crate) fn check(&self) -> Result<(), PluginError> {
        let acts = |action: &Action| *action != Action::Keep;
        if !acts(&self.default_action) && !self.actions.values().any(acts) {
            return Err(PluginError::new(
                "config keeps every kind of personal data: set config.default_action, or an action in config.actions, to \
                 replace, mask or deny",
            ));
        }
        if self.visible > 6 {
            return Err(PluginError::new(format!(
                "config.visible is {}: write at most 6, more of a value should not be shown",
                self.visible
            )));
        }
        Ok(())
    }
}
