//! `#[cfg]` and `#[cfg_attr]` in the attribute mean what they mean elsewhere.

use plugin_sdk::Plugin as _;
use plugin_sdk::prelude::*;

/// Only what holds is there: no method is missing.
#[plugin(
    hooks = [
        #[cfg(any())] prompt_pre_fetch,
        #[cfg(all())] tool_pre_invoke,
        #[cfg(not(any()))] #[cfg(any())] prompt_post_fetch,
        #[cfg_attr(all(), cfg(any()))] resource_pre_fetch,
        #[cfg_attr(any(), cfg(any()))] tool_post_invoke,
        #[cfg(any())] crate::Missing,
        #[cfg(any())] tool_pre_invoke,
    ],
    blocking = [#[cfg(any())] prompt_pre_fetch, #[cfg(not(any()))] tool_post_invoke],
    tags = [#[cfg(any())] "left out", #[cfg(all())] "there"],
    capabilities = [#[cfg(any())] read_subject, read_roles],
    #[cfg(any())] mode = audit,
    #[cfg(not(any()))] mode = concurrent,
    #[cfg(any())] on_shutdown = close,
    #[cfg_attr(all(), cfg(all()))] priority = 5,
)]
#[derive(Default)]
#[cfg_attr(all(), doc = "By a condition.")]
struct Words;

impl Words {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn tool_post_invoke(
        &self,
        _payload: ToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        Ok(PluginResult::allow())
    }
}

fn main() {
    let manifest = Words::manifest();
    let hooks: Vec<_> = manifest
        .hooks
        .iter()
        .map(|hook| (hook.name, hook.blocking))
        .collect();
    assert_eq!(hooks, [("tool_pre_invoke", false), ("tool_post_invoke", true)]);
    assert_eq!(manifest.tags, ["there"]);
    assert_eq!(manifest.capabilities, [plugin_sdk::Capability::ReadRoles]);
    assert_eq!(manifest.mode, plugin_sdk::Mode::Concurrent);
    assert_eq!(manifest.priority, 5);
    assert_eq!(
        manifest.description,
        "Only what holds is there: no method is missing.\nBy a condition."
    );
}
