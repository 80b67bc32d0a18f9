//! The test kit: call hooks in a line, over every transport, and check what they answer.
//!
//! A plugin is plain data and methods, so that its methods can be called as they are. A [`TestPlugin`] is called as a host
//! calls it: payload and context are encoded and decoded, there is a deadline, a panic is an error.
//!
//! ```
//! use plugin_sdk::{hooks::ToolPreInvoke, prelude::*, testing::{AssertResult, TestPlugin}};
//!
//! # #[plugin(hooks = [tool_pre_invoke])]
//! # #[derive(Default)]
//! # struct NoDangerousTools;
//! # impl NoDangerousTools {
//! #     async fn tool_pre_invoke(&self, payload: ToolPreInvokePayload, context: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
//! #         if payload.name == "rm" && context.user_email() != Some("root@example.com") {
//! #             return Ok(PluginResult::deny(PluginViolation::new("forbidden tool", "FORBIDDEN_TOOL")));
//! #         }
//! #         Ok(PluginResult::allow())
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let plugin = TestPlugin::new(NoDangerousTools);
//! plugin.call::<ToolPreInvoke>(ToolPreInvokePayload::new("rm")).await.assert_denied("FORBIDDEN_TOOL");
//!
//! let mut context = PluginContext::new("request-1").with_user("root@example.com").with_tenant("acme");
//! plugin.call::<ToolPreInvoke>(ToolPreInvokePayload::new("rm")).with_context(&mut context).await.assert_allowed();
//! # }
//! ```
//!
//! # Over every transport
//!
//! [`on_every_transport`] runs a case in process and then over each transport whose feature is on, in this process and through
//! real sockets and pipes, and compares what the plugin answered:
//!
//! ```
//! # use plugin_sdk::{hooks::ToolPreInvoke, prelude::*};
//! use plugin_sdk::testing::{AssertResult, configured, on_every_transport};
//!
//! # #[derive(serde::Deserialize)]
//! # struct Settings { word: String }
//! # #[plugin(hooks = [tool_pre_invoke], config = Settings)]
//! # struct Words { word: String }
//! # impl Words {
//! #     async fn configure(settings: Settings) -> Result<Self, PluginError> { Ok(Self { word: settings.word }) }
//! #     async fn tool_pre_invoke(&self, mut payload: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
//! #         for value in payload.args.values_mut() {
//! #             if let Some(text) = value.as_str() { let text = text.replace(&self.word, "***"); *value = text.into(); }
//! #         }
//! #         Ok(PluginResult::modify_payload(payload))
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let make = async || configured::<Words>(serde_json::json!({"word": "crap"})).await.unwrap();
//! on_every_transport(make, async |plugin| {
//!     let payload = ToolPreInvokePayload::new("search").with_arg("query", "crap");
//!     let result = plugin.call::<ToolPreInvoke>(payload).await;
//!     result.assert_modified_to(ToolPreInvokePayload::new("search").with_arg("query", "***"));
//! })
//! .await;
//! # }
//! ```

mod assert;
mod context;
mod difference;
mod everywhere;
mod journal;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
mod over;
mod plugin;

use serde::Serialize;

pub use assert::AssertResult;
pub use everywhere::on_every_transport;
pub use plugin::{TestCall, TestPlugin};

use crate::{
    error::PluginError,
    plugin::{Plugin, PluginSettings},
    value::Value,
};

/// A plugin made of settings as an operator writes them into `config`.
///
/// ```
/// # use plugin_sdk::prelude::*;
/// use plugin_sdk::testing::configured;
///
/// # #[derive(serde::Deserialize, Debug)]
/// # struct Settings { word: String }
/// # #[plugin(hooks = [tool_pre_invoke], config = Settings)]
/// # #[derive(Debug)]
/// # struct Words(Settings);
/// # impl Words {
/// #     async fn configure(settings: Settings) -> Result<Self, PluginError> { Ok(Self(settings)) }
/// #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
/// #         Ok(PluginResult::allow())
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = configured::<Words>(serde_json::json!({"words": []})).await.unwrap_err();
/// assert!(error.message().starts_with("config: missing field `word`"), "{error}");
/// # }
/// ```
///
/// # Errors
///
/// What the plugin says of settings that it can't use.
pub async fn configured<P: Plugin>(settings: impl Serialize) -> Result<P, PluginError> {
    let settings = Value::from_serialize(&settings)?;
    let Value::Object(settings) = settings else {
        return Err(PluginError::new(format!(
            "config: must be an object, not {settings}"
        )));
    };
    (P::functions().create)(PluginSettings::from(settings)).await
}
