//! The names that a plugin entry may use ([protocol, section
//! 9.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#91-plugin-entry)).

/// Keys of a configuration file.
pub(crate) const FILE_KEYS: [&str; 6] = [
    "plugins",
    "plugin_dirs",
    "plugin_settings",
    "server_settings",
    "grpc_server_settings",
    "unix_socket_server_settings",
];

/// Keys of one entry of `plugins`.
pub(crate) const ENTRY_KEYS: [&str; 16] = [
    "name",
    "kind",
    "description",
    "author",
    "namespace",
    "version",
    "hooks",
    "tags",
    "mode",
    "on_error",
    "priority",
    "max_content_size",
    "conditions",
    "applied_to",
    "capabilities",
    "config",
];

/// Keys by which a host finds the server. They have no place in the server's own file.
pub(crate) const TRANSPORT_KEYS: [&str; 3] = ["mcp", "grpc", "unix_socket"];

/// What older gateways call some of the modes. They are the only names that those gateways accept, so they
/// are reported as the file has them.
pub(crate) const LEGACY_MODES: [&str; 3] = ["enforce", "permissive", "enforce_ignore_error"];

/// The legacy mode that also says what happens on an error.
pub(crate) const ENFORCE_IGNORE_ERROR: &str = "enforce_ignore_error";

/// Keys of a condition.
pub(crate) const CONDITION_KEYS: [&str; 8] = [
    "server_ids",
    "tenant_ids",
    "tools",
    "prompts",
    "resources",
    "agents",
    "user_patterns",
    "content_types",
];
