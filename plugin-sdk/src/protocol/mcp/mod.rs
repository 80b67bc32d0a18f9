//! What servers and hosts of plugins need of MCP ([protocol, section
//! 4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#4-mcp)): messages of JSON-RPC, each read in one
//! pass.

pub(crate) mod answer;
pub(crate) mod error;
mod escape;
pub(crate) mod id;
pub(crate) mod lines;
pub(crate) mod members;
pub(crate) mod params;
pub(crate) mod request;
pub(crate) mod revision;

/// Names of methods.
pub(crate) mod method {
    pub(crate) const INITIALIZE: &str = "initialize";
    pub(crate) const DISCOVER: &str = "server/discover";
    pub(crate) const PING: &str = "ping";
    pub(crate) const LIST_TOOLS: &str = "tools/list";
    pub(crate) const CALL_TOOL: &str = "tools/call";
    pub(crate) const LIST_PROMPTS: &str = "prompts/list";
    pub(crate) const LIST_RESOURCES: &str = "resources/list";
    pub(crate) const LIST_RESOURCE_TEMPLATES: &str = "resources/templates/list";
    pub(crate) const READ_RESOURCE: &str = "resources/read";
    pub(crate) const INITIALIZED: &str = "notifications/initialized";
    pub(crate) const CANCELLED: &str = "notifications/cancelled";
}

/// Names of the tools.
pub(crate) mod tool {
    pub(crate) const GET_PLUGIN_CONFIGS: &str = "get_plugin_configs";
    pub(crate) const GET_PLUGIN_CONFIG: &str = "get_plugin_config";
    pub(crate) const INVOKE_HOOK: &str = "invoke_hook";
}

/// Names of the headers of streamable HTTP.
pub(crate) mod header {
    pub(crate) const PROTOCOL_VERSION: &str = "mcp-protocol-version";
    pub(crate) const SESSION_ID: &str = "mcp-session-id";
    pub(crate) const METHOD: &str = "mcp-method";
    pub(crate) const NAME: &str = "mcp-name";
}
