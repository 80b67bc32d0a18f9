//! Why a server does not start.

use std::fmt;

use super::instance::InstanceConfig;
use crate::{
    causes::debug_by_message,
    error::{PluginError, WrongSetting},
    manifest::Manifest,
    nearest::nearest,
    plugin::PluginKind,
};

/// A plugin that can't be started.
#[derive(Clone)]
pub struct StartError {
    plugin_name: String,
    key: Option<String>,
    message: String,
}

impl StartError {
    /// The name of the instance.
    pub fn plugin_name(&self) -> &str {
        &self.plugin_name
    }

    /// The key of its entry that is wrong, such as `hooks[1]` or `config.words[0].search`.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What is wrong, without the key.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn new(plugin_name: &str, message: impl Into<String>) -> Self {
        Self {
            plugin_name: plugin_name.into(),
            key: None,
            message: message.into(),
        }
    }

    pub(crate) fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// What the author's `configure` returned, or why it could not be called with the settings.
    pub(crate) fn of_configure(plugin_name: &str, error: PluginError) -> Self {
        match error.into_setting() {
            Ok(WrongSetting { key, problem }) => Self::new(plugin_name, problem).with_key(key),
            Err(error) => Self::new(plugin_name, error.message()),
        }
    }

    pub(crate) fn unknown_kind(config: &InstanceConfig, kinds: &[PluginKind]) -> Self {
        let known: Vec<&str> = kinds.iter().map(|kind| kind.manifest.kind.as_str()).collect();
        let message = format!(
            "there is no plugin of the kind `{}`; {}",
            config.kind,
            choice(&config.kind, &known)
        );
        Self::new(&config.name, message).with_key("kind")
    }

    /// The entry names a hook at this place that its kind does not have.
    pub(crate) fn unknown_hook(
        config: &InstanceConfig,
        place: usize,
        name: &str,
        manifest: &Manifest,
    ) -> Self {
        let known: Vec<&str> = manifest.hooks.iter().map(|hook| hook.name).collect();
        let message = format!("`{}` has no hook `{name}`; {}", config.kind, choice(name, &known));
        Self::new(&config.name, message).with_key(format!("hooks[{place}]"))
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
        write!(formatter, "plugin `{}`: ", self.plugin_name)?;
        if let Some(key) = &self.key {
            write!(formatter, "{key}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for StartError {}

debug_by_message!(StartError);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plugin::PluginSettings, value::Value};

    #[derive(serde::Deserialize)]
    struct Settings {
        words: Vec<Rule>,
    }

    #[derive(serde::Deserialize)]
    struct Rule {
        search: String,
    }

    fn shown(error: &StartError) -> (Option<&str>, &str, String) {
        (error.key(), error.message(), error.to_string())
    }

    fn wrong(settings: &str) -> StartError {
        let settings: Value = settings.parse().unwrap();
        let error = PluginSettings::from(settings.as_object().unwrap().clone())
            .parse::<Settings>()
            .err()
            .unwrap();
        StartError::of_configure("p", error)
    }

    #[test]
    fn it_has_the_key_of_the_setting_that_is_wrong() {
        let message = "invalid type: integer, expected a string";
        assert_eq!(
            shown(&wrong(r#"{"words": [{"search": "a"}, {"search": 1}]}"#)),
            (
                Some("config.words[1].search"),
                message,
                format!("plugin `p`: config.words[1].search: {message}")
            )
        );
        let message = "missing field `words`";
        assert_eq!(
            shown(&wrong("{}")),
            (Some("config"), message, format!("plugin `p`: config: {message}"))
        );
    }

    #[test]
    fn what_an_author_says_is_no_key() {
        for message in ["db: refused", "config: limit: too small", "kind: none"] {
            let error = StartError::of_configure("p", PluginError::new(message));
            assert_eq!(shown(&error), (None, message, format!("plugin `p`: {message}")));
        }
    }

    #[test]
    fn it_has_the_key_of_an_unknown_kind_or_hook() {
        let config = InstanceConfig {
            name: "p".into(),
            kind: "K".into(),
            ..InstanceConfig::default()
        };
        assert_eq!(StartError::unknown_kind(&config, &[]).key(), Some("kind"));
        let error = StartError::unknown_hook(&config, 1, "tool", &Manifest::new("K"));
        assert_eq!(error.key(), Some("hooks[1]"));
    }
}
