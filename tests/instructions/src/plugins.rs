//! The plugins that are measured: what an author would write for the purpose, and nothing cleverer.

use plugin_sdk::{Value, prelude::*};

/// What the plugins look for.
pub const WORD: &str = "crap";
/// What they put in its place.
pub const REPLACEMENT: &str = "crab";

fn replace(value: &mut Value) {
    if let Value::String(text) = value
        && text.contains(WORD)
    {
        *text = text.replace(WORD, REPLACEMENT);
    }
}

/// Replaces a word in every argument that is a text, so that it looks at all of them.
#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
pub struct ReplaceWords;

impl ReplaceWords {
    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        payload.args.values_mut().for_each(replace);
        Ok(PluginResult::modify_payload(payload))
    }
}

/// Replaces a word in one argument, and leaves the others alone.
#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
pub struct ReplaceInQuery;

impl ReplaceInQuery {
    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if let Some(query) = payload.args.get_mut("query") {
            replace(query);
        }
        Ok(PluginResult::modify_payload(payload))
    }
}

/// Looks at who makes the request and lets the call pass.
#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
pub struct ReadContext;

impl ReadContext {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if context.user_email().is_none() {
            return Err(PluginError::new("the context has no user"));
        }
        Ok(PluginResult::allow())
    }
}

/// Looks at the name of the tool and lets the call pass.
#[plugin(hooks = [tool_pre_invoke])]
#[derive(Default)]
pub struct Allow;

impl Allow {
    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if payload.name == "rm" {
            return Ok(PluginResult::deny(PluginViolation::new(
                "forbidden tool",
                "FORBIDDEN_TOOL",
            )));
        }
        Ok(PluginResult::allow())
    }
}
