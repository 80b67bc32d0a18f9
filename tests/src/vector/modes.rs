//! The plugins with one hook.

use plugin_sdk::prelude::*;

/// Replaces a word in the arguments of a tool.
#[plugin(kind = "plugins.bw.Bw", description = "", version = "", author = "", hooks = [tool_pre_invoke])]
#[derive(Default)]
pub struct Bw;

impl Bw {
    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        for value in payload.args.values_mut() {
            if let Some(text) = value.as_str() {
                *value = text.replace("crap", "yikes").into();
            }
        }
        Ok(PluginResult::modify_payload(payload))
    }
}

/// In Python a hook with a third argument for extensions, which says that it got none. Rust hooks have no such argument,
/// because no transport delivers extensions.
#[plugin(kind = "plugins.vec.Ext3", description = "", version = "", author = "", hooks = [tool_pre_invoke])]
#[derive(Default)]
pub struct Ext3;

impl Ext3 {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow().with_metadata("ext_is_none", true))
    }
}

/// Answers with everything that a result can hold, denials included, so that it shows what a mode takes away.
#[plugin(kind = "plugins.vec.Modes", description = "", version = "", author = "", hooks = [tool_pre_invoke])]
#[derive(Default)]
pub struct Modes;

impl Modes {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        // A Rust plugin does not know its mode, which is the host's affair; its name tells.
        let mode = match context.plugin_name() {
            "ModeAudit" => "audit",
            "ModeTransform" => "transform",
            "ModeConcurrent" => "concurrent",
            "ModeFaf" => "fire_and_forget",
            _ => "sequential",
        };
        if payload.name == "raise" {
            return Err(PluginError::new("raised as asked"));
        }
        let denied = payload.name == "deny";
        context.state_mut().insert("seen".into(), true.into());
        let mut result = PluginResult::modify_payload(payload.with_args([("m", "1")]))
            .with_metadata("mode", mode)
            .with_retry_delay_ms(7)
            .with_http_header("A", "b");
        if denied {
            result.continue_processing = false;
            result.violation = Some(PluginViolation::new("r", "c").with_description("d"));
        }
        Ok(result)
    }
}
