//! A doc comment is whatever the compiler makes of it.

use plugin_sdk::Plugin as _;
use plugin_sdk::prelude::*;

macro_rules! plugin_with {
    ($name:ident, $($documentation:tt)*) => {
        $($documentation)*
        #[plugin(hooks = [tool_pre_invoke])]
        #[derive(Default)]
        struct $name;

        impl $name {
            async fn tool_pre_invoke(
                &self,
                _payload: ToolPreInvokePayload,
                _context: &mut PluginContext,
            ) -> HookResult<ToolPreInvokePayload> {
                Ok(PluginResult::allow())
            }
        }
    };
}

plugin_with!(FromAFile, #[doc = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))]);
plugin_with!(Put, #[doc = concat!("Counts ", "words.")]);
plugin_with!(Both, /** Counts words.*/ #[doc = stringify!(Twice)] #[doc(hidden)]);
plugin_with!(None,);

#[doc = concat!("In version ", env!("CARGO_PKG_VERSION"), ".")]
#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
struct Direct;

impl Direct {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

#[plugin(
    hooks = [tool_pre_invoke],
    description = concat!("Given ", "here."),
    version = env!("CARGO_PKG_VERSION"),
    author = concat!("Jane", " ", "Doe"),
)]
#[derive(Default)]
struct Given;

impl Given {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {
    assert!(FromAFile::manifest().description.contains("[package]"));
    assert_eq!(Put::manifest().description, "Counts words.");
    assert_eq!(Both::manifest().description, "Counts words.\nTwice");
    assert_eq!(None::manifest().description, "");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(Direct::manifest().description, format!("In version {version}."));
    let given = Given::manifest();
    assert_eq!(given.description, "Given here.");
    assert_eq!(given.version, version);
    assert_eq!(given.author, "Jane Doe");
}
