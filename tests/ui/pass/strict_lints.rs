//! The expansion is as quiet as the author's own code has to be.

#![deny(
    missing_docs,
    unused,
    nonstandard_style,
    future_incompatible,
    unreachable_pub,
    unused_qualifications
)]

use plugin_sdk::prelude::*;

/// Does nothing.
#[plugin(hooks = [tool_pre_invoke], on_shutdown = close)]
#[derive(Default)]
struct r#Plugin;

impl r#Plugin {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn close(&self) {}
}

fn main() {
    let _ = <r#Plugin as plugin_sdk::Plugin>::manifest();
}
