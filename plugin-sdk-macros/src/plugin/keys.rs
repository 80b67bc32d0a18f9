//! The keys of the attribute and the values of those that take one of a few.

/// A key of the attribute.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// How it is written, for messages.
    pub(super) usage: &'static str,
}

impl Key {
    /// The key of this name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }
}

/// Every key, the required one first. The table in the documentation of the attribute says what they mean.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "hooks",
        usage: "hooks = [tool_pre_invoke, tool_post_invoke]",
    },
    Key {
        name: "name",
        usage: "name = \"words\"",
    },
    Key {
        name: "kind",
        usage: "kind = \"words\"",
    },
    Key {
        name: "description",
        usage: "description = \"Replaces words.\"",
    },
    Key {
        name: "version",
        usage: "version = \"1.0.0\"",
    },
    Key {
        name: "author",
        usage: "author = \"Jane Doe\"",
    },
    Key {
        name: "tags",
        usage: "tags = [\"filter\", \"privacy\"]",
    },
    Key {
        name: "mode",
        usage: "mode = sequential",
    },
    Key {
        name: "priority",
        usage: "priority = 50",
    },
    Key {
        name: "on_error",
        usage: "on_error = ignore",
    },
    Key {
        name: "capabilities",
        usage: "capabilities = [read_subject, read_headers]",
    },
    Key {
        name: "config",
        usage: "config = Settings",
    },
    Key {
        name: "configure",
        usage: "configure",
    },
    Key {
        name: "on_shutdown",
        usage: "on_shutdown = close",
    },
    Key {
        name: "blocking",
        usage: "blocking = [tool_pre_invoke]",
    },
    Key {
        name: "crate",
        usage: "crate = ::plugin_sdk",
    },
];

/// How the host calls the plugin.
pub(super) const MODES: &[&str] = &[
    "sequential",
    "transform",
    "audit",
    "concurrent",
    "fire_and_forget",
    "disabled",
];

/// What older hosts call the modes, and what to write instead.
pub(super) const OLDER_MODES: &[(&str, &str)] = &[
    ("enforce", "mode = sequential"),
    ("enforce_ignore_error", "mode = sequential, on_error = ignore"),
    ("permissive", "mode = transform"),
];

/// What the host does when the plugin fails.
pub(super) const ERROR_POLICIES: &[&str] = &["fail", "ignore", "disable"];

/// What the host shows the plugin of a request beyond its payload, or lets it change.
pub(super) const CAPABILITIES: &[&str] = &[
    "read_subject",
    "read_roles",
    "read_teams",
    "read_claims",
    "read_permissions",
    "read_agent",
    "read_headers",
    "write_headers",
    "read_labels",
    "append_labels",
    "read_delegation",
    "append_delegation",
];
