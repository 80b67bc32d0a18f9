//! The host half: call external plugins from Rust, wherever they run.
//!
//! For gateways, tests and load tools. It reads the gateway's own stanza (`kind: external` with one of `mcp`, `grpc` and
//! `unix_socket`), connects to the servers, and calls their plugins the same way whatever the transport. It works with the Python
//! servers too.
//!
//! ```no_run
//! use plugin_sdk::{
//!     PluginContext,
//!     hooks::ToolPreInvoke,
//!     host::{GatewayConfig, HostSettings, Invoke},
//!     prelude::ToolPreInvokePayload,
//! };
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let plugins = GatewayConfig::load("gateway.yaml")?.connect(&HostSettings::from_environment()?).await?;
//! let payload = ToolPreInvokePayload::new("search");
//! for plugin in plugins.of_hook("tool_pre_invoke") {
//!     let mut context = PluginContext::new("request-1");
//!     let result = plugin.invoke::<ToolPreInvoke>(&payload, &mut context).await?;
//!     if let Some(violation) = result.violation {
//!         println!("{} denies the call: {violation}", plugin.config().name());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A plugin in the same process is called in the same way, which is all that a test needs:
//!
//! ```
//! use plugin_sdk::{host::{InProcessPlugin, Invoke}, hooks::ToolPreInvoke, prelude::*};
//!
//! # #[plugin(hooks = [tool_pre_invoke])]
//! # #[derive(Default)]
//! # struct NoDangerousTools;
//! # impl NoDangerousTools {
//! #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
//! #         Ok(PluginResult::allow())
//! #     }
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let plugin = InProcessPlugin::new(NoDangerousTools);
//! let mut context = PluginContext::new("request-1");
//! let result = plugin.invoke::<ToolPreInvoke>(&ToolPreInvokePayload::new("search"), &mut context).await?;
//! assert!(result.continue_processing);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Failures
//!
//! A denial is a result. Everything else that goes wrong is a [`CallError`], the same one on every transport. A call is repeated
//! only when it is certain that the plugin did not see it, or when the caller says that it may be
//! ([`CallOptions::with_repeatable`]); between two attempts there is a pause, which doubles each time. Dropping the future of a call
//! cancels the call.
//!
//! # Environment
//!
//! | variable | default | what it is for |
//! |---|---|---|
//! | `PLUGINS_CONFIG_FILE` | `plugins/config.yaml` | the file of [`GatewayConfig::from_environment`] |
//! | `PLUGINS_FAIL_ON_PLUGIN_ERROR` | `false` | whether a plugin that can't be used ends [`GatewayConfig::connect`] |
//! | `PLUGINS_PLUGIN_TIMEOUT` | `30` | seconds for a call, where the plugin's entry has no `timeout` |
//! | `PLUGINS_SSRF_PROTECTION_ENABLED` | `true` | refuses `mcp.url`s that lead to private addresses, also by a name; `localhost` may |
//! | `PLUGINS_SSRF_ALLOWED_HOSTS` | | names, with commas between them, that may lead to private addresses too: `plugins,*.svc.cluster.local` |
//! | `PLUGINS_GRPC_CLIENT_MTLS_CERTFILE`, `_KEYFILE`, `_KEYFILE_PASSWORD`, `_CA_BUNDLE`, `_VERIFY` | | TLS of gRPC, where an entry has no `tls` |
//! | `PLUGINS_CLIENT_MTLS_…`, the same and `_CHECK_HOSTNAME` | | TLS of MCP, where an entry has no `tls` |
//! | `PLUGINS_SKIP_SSL_VERIFY` | `false` | no verification for MCP, where neither says anything about TLS |
//! | `PLUGINS_HTTPX_MAX_CONNECTIONS`, `_MAX_KEEPALIVE_CONNECTIONS` | `200`, `100` | connections of MCP over HTTP |
//! | `PLUGINS_HTTPX_KEEPALIVE_EXPIRY`, `_CONNECT_TIMEOUT`, `_READ_TIMEOUT`, `_POOL_TIMEOUT` | `30`, `5`, `120`, `10` | seconds of the same |
//!
//! They are also read from a `.env` file in the working directory, beneath those of the process.

mod answer;
mod backoff;
mod call;
mod calls;
pub(crate) mod config;
#[cfg(any(feature = "grpc", feature = "mcp"))]
mod connect;
mod error;
mod external;
#[cfg(feature = "grpc")]
mod grpc;
mod hosted;
mod in_process;
#[cfg(feature = "mcp")]
pub(crate) mod mcp;
pub(crate) mod open;
mod registry;
pub(crate) mod reply;
mod settings;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
mod slot;
pub(crate) mod transport;
#[cfg(feature = "unix")]
pub(crate) mod unix;

#[doc(no_inline)]
pub use crate::manifest::{Capability, Mode, OnError};
pub use call::{CallOptions, HookCall};
pub use config::{ExternalPluginConfig, GatewayConfig, PluginConfig};
pub use error::{CallError, HostError};
pub use external::ExternalPlugin;
pub use hosted::{HostedPlugin, Invoke};
pub use in_process::InProcessPlugin;
pub use registry::PluginRegistry;
pub use reply::HookReply;
pub use settings::{HostSettings, HttpSettings};

pub use crate::protocol::error::ReportedError;
