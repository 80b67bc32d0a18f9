//! What a host knows of a plugin: an entry of `plugins`, checked.

use super::rules;
use crate::{
    host::error::HostError,
    manifest::Manifest,
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
    priority: i64,
}

impl PluginConfig {
    /// Of an entry that does not come from a file, such as the one that a server reports.
    ///
    /// # Errors
    ///
    /// [`HostError::Configuration`] with all that is wrong with it by the hosts' rules.
    pub fn of_document(document: &Map) -> Result<Self, HostError> {
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
        let hooks = document.get("hooks").and_then(Value::as_array);
        let hooks = hooks.into_iter().flatten().filter_map(Value::as_str);
        Self {
            name: text("name").unwrap_or_default().to_owned(),
            hooks: hooks.map(str::to_owned).collect(),
            mode: text("mode").and_then(Mode::of_name).unwrap_or_default(),
            on_error: text("on_error").and_then(OnError::of_name).unwrap_or_default(),
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

    /// Where it stands among the plugins of its mode: the lowest number runs first. 100 if not set.
    pub fn priority(&self) -> i64 {
        self.priority
    }

    /// Everything that is set: `description`, `tags`, `conditions`, `capabilities` and the like, with the host's names.
    pub fn document(&self) -> &Map {
        &self.document
    }
}

const DEFAULT_PRIORITY: i64 = 100;

/// Declares an enumeration of names in a configuration.
macro_rules! names {
    ($(#[$documentation:meta])+ $name:ident { $($(#[$variant_documentation:meta])+ $variant:ident = $text:literal,)+ }) => {
        $(#[$documentation])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_documentation])+ $variant,)+
        }

        impl $name {
            fn of_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The name in configurations.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

names! {
    /// What a plugin may do and when it runs, in the order in which hosts run them ([protocol, section
    /// 9.6](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#96-modes-and-order)).
    Mode {
        /// One after another; may deny and change.
        #[default]
        Sequential = "sequential",
        /// One after another; may change, but not deny.
        Transform = "transform",
        /// One after another; may only look.
        Audit = "audit",
        /// All at once; may deny, but not change.
        Concurrent = "concurrent",
        /// In the background, after the others; may only look.
        FireAndForget = "fire_and_forget",
        /// Does not run.
        Disabled = "disabled",
    }
}

names! {
    /// What becomes of a request when the plugin fails.
    OnError {
        /// It fails too.
        #[default]
        Fail = "fail",
        /// It goes on without the plugin.
        Ignore = "ignore",
        /// It goes on, and the plugin is not called any more.
        Disable = "disable",
    }
}
