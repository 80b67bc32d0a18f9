//! The `#[plugin]` attribute of `plugin-sdk`.
//!
//! It checks what the attribute says and wires hooks to methods; what a plugin does lives in `plugin-sdk`. The modules of
//! `plugin` are the steps: the attribute hands its arguments to a derive macro, with the `conditions` that only the compiler
//! can evaluate; `parse` reads the arguments and goes on after a mistake, `model` is what they mean, `validate` checks what
//! needs more than one token, `expand` and `fallback` print.

mod diagnostics;
mod hooks;
mod plugin;

use proc_macro::TokenStream;

/// Makes a struct a plugin whose hooks are its methods.
///
/// ```
/// use plugin_sdk::prelude::*;
///
/// /// Denies a tool.
/// #[plugin(hooks = [tool_pre_invoke], mode = sequential, priority = 10)]
/// #[derive(Default)]
/// struct NoRemoval;
///
/// impl NoRemoval {
///     async fn tool_pre_invoke(
///         &self,
///         payload: ToolPreInvokePayload,
///         _context: &mut PluginContext,
///     ) -> HookResult<ToolPreInvokePayload> {
///         if payload.name == "rm" {
///             return Ok(PluginResult::deny(PluginViolation::new("forbidden tool", "FORBIDDEN_TOOL")));
///         }
///         Ok(PluginResult::allow())
///     }
/// }
///
/// assert_eq!(<NoRemoval as plugin_sdk::Plugin>::manifest().description, "Denies a tool.");
/// ```
///
/// # Keys
///
/// | Key | Value | Default | Meaning |
/// |---|---|---|---|
/// | `hooks` | `[tool_pre_invoke, my::Hook]` | required | what the plugin handles |
/// | `name` | string | the struct's name | the name under which it runs when no YAML names its instances |
/// | `kind` | string | the struct's name | the name by which the YAML refers to it; may be a Python class path |
/// | `description` | string | the doc comment | what it does |
/// | `version` | string | the package's | its version |
/// | `author` | string | the package's authors | who wrote it |
/// | `tags` | `["filter"]` | none | words to find it by |
/// | `mode` | `sequential`, `transform`, `audit`, `concurrent`, `fire_and_forget` or `disabled` | `sequential` | how hosts run it |
/// | `priority` | integer | 100 | its place among the plugins of a hook; lower runs first |
/// | `on_error` | `fail`, `ignore` or `disable` | `fail` | what hosts do when it fails |
/// | `capabilities` | `[read_subject, read_headers]` | none | what it asks to see or change beside the payload |
/// | `config` | type that implements `Deserialize` | no settings | the type of its settings; made with `configure(config)`; one that derives `schemars::JsonSchema` is described in `manifest --format json`, and the defaults of its fields are in every manifest |
/// | `configure` | none | made with `Default` | made with `configure()` |
/// | `on_shutdown` | name of a method | nothing | called before the process ends |
/// | `blocking` | `[tool_pre_invoke]` | none | which of `hooks` block their thread |
/// | `crate` | path | where Cargo has `plugin-sdk` | where the SDK is, when another crate re-exports it |
///
/// The values of `mode`, `on_error` and `capabilities` are written as words or as strings; those of `description`, `version`
/// and `author` as strings or as macros that make one, such as `include_str!`. `#[cfg(..)]` may stand in front of each key and
/// of each item of a list.
///
/// # Hooks
///
/// A hook is a method of the same name. A built-in hook is written in snake case, as in the hosts' YAML; a dot in its
/// name becomes `_`, so `cmf.tool_pre_invoke` is `cmf_tool_pre_invoke`. A hook of your own is the path of a type that
/// implements `Hook`, and its method is that type's name in snake case.
///
/// ```text
/// async fn tool_pre_invoke(&self, payload: ToolPreInvokePayload, context: &mut PluginContext)
///     -> HookResult<ToolPreInvokePayload>
/// ```
///
/// # How it is made
///
/// | Attribute | The plugin is made with |
/// |---|---|
/// | neither `config` nor `configure` | `Default` |
/// | `configure` | `async fn configure() -> Result<Self, PluginError>` |
/// | `config = Settings` | `async fn configure(config: Settings) -> Result<Self, PluginError>` |
///
/// The method of `on_shutdown` is an `async fn close(&self)`, which returns nothing or `Result<(), PluginError>`.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    plugin::attach(arguments.into(), &item.into()).into()
}

/// Implementation detail of `#[plugin]`; not public API.
#[doc(hidden)]
#[proc_macro_derive(Plugin, attributes(plugin_arguments, plugin_condition))]
pub fn derive_plugin(item: TokenStream) -> TokenStream {
    plugin::derive(item.into()).into()
}
