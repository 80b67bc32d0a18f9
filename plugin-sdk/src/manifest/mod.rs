//! What a plugin says of itself.

mod behaviour;

pub use behaviour::{Capability, Mode, OnError};

use crate::hooks::Hook;

/// A plugin's name, hooks and defaults, as its author wrote them in `#[plugin(...)]`.
///
/// They are what the plugin reports to hosts where the operator's YAML says nothing else ([protocol, section
/// 9.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#91-plugin-entry)).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Manifest {
    /// The name under which the plugin runs when no YAML names its instances.
    pub name: String,
    /// The name by which the YAML refers to the plugin.
    pub kind: String,
    /// What it does.
    pub description: String,
    /// Its version.
    pub version: String,
    /// Who wrote it.
    pub author: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What it may do, and when hosts run it.
    pub mode: Mode,
    /// Its place among the plugins of a hook; lower runs first.
    pub priority: i64,
    /// What becomes of a request when it fails.
    pub on_error: OnError,
    /// What it asks to see or change beyond the payload.
    pub capabilities: Vec<Capability>,
    /// Its hooks.
    pub hooks: Vec<ManifestHook>,
}

/// What hosts take for the priority of a plugin that has none.
pub(crate) const DEFAULT_PRIORITY: i64 = 100;

/// A hook of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManifestHook {
    /// The name on the wire, such as `tool_pre_invoke`.
    pub name: &'static str,
    /// Whether the hook blocks its thread, so that it runs on a thread of its own.
    pub blocking: bool,
}

impl Manifest {
    /// A plugin with this kind and name, and the defaults of the hosts.
    pub fn new(kind: impl Into<String>) -> Self {
        let kind = kind.into();
        Self {
            name: kind.clone(),
            kind,
            description: String::new(),
            version: String::new(),
            author: String::new(),
            tags: Vec::new(),
            mode: Mode::default(),
            priority: DEFAULT_PRIORITY,
            on_error: OnError::default(),
            capabilities: Vec::new(),
            hooks: Vec::new(),
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the version.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Sets the author.
    #[must_use]
    pub fn with_author(mut self, author: impl Into<String>) -> Self {
        self.author = author.into();
        self
    }

    /// Sets the tags.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the mode.
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the priority.
    #[must_use]
    pub fn with_priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Sets what becomes of a request when the plugin fails.
    #[must_use]
    pub fn with_on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// Sets the capabilities.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: impl IntoIterator<Item = Capability>) -> Self {
        self.capabilities = capabilities.into_iter().collect();
        self
    }

    /// The names of the capabilities.
    pub(crate) fn capability_names(&self) -> Vec<&'static str> {
        self.capabilities
            .iter()
            .map(|capability| capability.as_str())
            .collect()
    }

    /// Adds a hook.
    #[must_use]
    pub fn with_hook<H: Hook>(mut self) -> Self {
        self.hooks.push(ManifestHook {
            name: H::NAME,
            blocking: false,
        });
        self
    }

    /// Adds a hook that blocks its thread.
    #[must_use]
    pub fn with_blocking_hook<H: Hook>(mut self) -> Self {
        self.hooks.push(ManifestHook {
            name: H::NAME,
            blocking: true,
        });
        self
    }
}
