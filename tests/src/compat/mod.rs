//! Plugins that the integration tests of the Python plugin framework configure, under the kinds that they have there.

mod context;
mod deny_list;
mod error;
mod pass_through;
mod search_replace;

pub use self::context::{ContextPlugin, ContextPlugin2};
pub use self::deny_list::DenyListPlugin;
pub use self::error::ErrorPlugin;
pub use self::pass_through::PassThroughPlugin;
pub use self::search_replace::SearchReplacePlugin;

/// Hooks that let everything pass.
macro_rules! allow_hooks {
    ($plugin:ident { $($method:ident: $payload:ident;)+ }) => {
        impl $plugin {
            $(
                async fn $method(
                    &self,
                    _payload: $payload,
                    _context: &mut PluginContext,
                ) -> HookResult<$payload> {
                    Ok(PluginResult::allow())
                }
            )+
        }
    };
}

use allow_hooks;
