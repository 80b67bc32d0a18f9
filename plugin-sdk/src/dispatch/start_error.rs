//! Why a server does not start.

use std::fmt;

use super::instance::InstanceConfig;
use crate::{causes::debug_by_message, manifest::Manifest, nearest::nearest, plugin::PluginKind};

/// A plugin that can't be started.
#[derive(Clone)]
pub struct StartError {
    pub(crate) plugin_name: String,
    pub(crate) message: String,
}

impl StartError {
    pub(crate) fn new(plugin_name: &str, message: impl Into<String>) -> Self {
        Self {
            plugin_name: plugin_name.into(),
            message: message.into(),
        }
    }

    pub(crate) fn unknown_kind(config: &InstanceConfig, kinds: &[PluginKind]) -> Self {
        let known: Vec<&str> = kinds.iter().map(|kind| kind.manifest.kind.as_str()).collect();
        let message = format!(
            "kind: there is no plugin of the kind `{}`; {}",
            config.kind,
            choice(&config.kind, &known)
        );
        Self::new(&config.name, message)
    }

    /// The entry names a hook at this place that its kind does not have.
    pub(crate) fn unknown_hook(
        config: &InstanceConfig,
        place: usize,
        name: &str,
        manifest: &Manifest,
    ) -> Self {
        let known: Vec<&str> = manifest.hooks.iter().map(|hook| hook.name).collect();
        let message = format!(
            "hooks[{place}]: `{}` has no hook `{name}`; {}",
            config.kind,
            choice(name, &known)
        );
        Self::new(&config.name, message)
    }
}

/// What may be written instead of a name that is not known.
fn choice(name: &str, known: &[&str]) -> String {
    let known_names = known.join(", ");
    match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`? This server has: {known_names}"),
        None => format!("this server has: {known_names}"),
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "plugin `{}`: {}", self.plugin_name, self.message)
    }
}

impl std::error::Error for StartError {}

debug_by_message!(StartError);
