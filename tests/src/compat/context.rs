//! Two plugins that check what a context keeps from hook to hook, and what one of them sees of the other.

use plugin_sdk::Map;
use plugin_sdk::prelude::*;

use super::allow_hooks;

/// Writes state of its own and state for all, and expects to find both again.
#[plugin(
    kind = "plugins.context.ContextPlugin",
    hooks = [
        prompt_pre_fetch, prompt_post_fetch, tool_pre_invoke, tool_post_invoke, resource_pre_fetch,
        resource_post_fetch,
    ],
)]
#[derive(Default)]
pub struct ContextPlugin;

impl ContextPlugin {
    async fn prompt_pre_fetch(
        &self,
        _payload: PromptPreFetchPayload,
        context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        set(context.state_mut(), "key1", "value1");
        Ok(PluginResult::allow())
    }

    async fn prompt_post_fetch(
        &self,
        _payload: PromptPostFetchPayload,
        context: &mut PluginContext,
    ) -> HookResult<PromptPostFetchPayload> {
        expect(context.state(), "key1", "value1")?;
        Ok(PluginResult::allow())
    }

    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        set(context.state_mut(), "key2", "value2");
        set(context.global_context_mut().state_mut(), "globkey1", "globvalue1");
        Ok(PluginResult::allow())
    }

    async fn tool_post_invoke(
        &self,
        _payload: ToolPostInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        expect(context.state(), "key2", "value2")?;
        expect(context.global_context().state(), "globkey1", "globvalue1")?;
        set(context.state_mut(), "key3", "value3");
        set(context.global_context_mut().state_mut(), "globkey2", "globvalue2");
        Ok(PluginResult::allow())
    }
}

/// Expects the other plugin's state for all, and none of the other plugin's own.
#[plugin(
    kind = "plugins.context.ContextPlugin2",
    hooks = [
        prompt_pre_fetch, prompt_post_fetch, tool_pre_invoke, tool_post_invoke, resource_pre_fetch,
        resource_post_fetch,
    ],
)]
#[derive(Default)]
pub struct ContextPlugin2;

impl ContextPlugin2 {
    async fn prompt_pre_fetch(
        &self,
        _payload: PromptPreFetchPayload,
        context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        expect_none(context.state(), "key1")?;
        Ok(PluginResult::allow())
    }

    async fn prompt_post_fetch(
        &self,
        _payload: PromptPostFetchPayload,
        context: &mut PluginContext,
    ) -> HookResult<PromptPostFetchPayload> {
        expect(context.state(), "key1", "value1")?;
        Ok(PluginResult::allow())
    }

    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        expect_none(context.state(), "key2")?;
        if !context.global_context().state().contains_key("globkey1") {
            return Err(PluginError::new("globkey1 should be in the context"));
        }
        set(context.state_mut(), "cp2key1", "cp2value1");
        set(
            context.global_context_mut().state_mut(),
            "gcp2globkey1",
            "gcp2globvalue1",
        );
        Ok(PluginResult::allow())
    }

    async fn tool_post_invoke(
        &self,
        _payload: ToolPostInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        expect_none(context.state(), "key2")?;
        expect(context.global_context().state(), "globkey1", "globvalue1")?;
        set(context.state_mut(), "cp2key2", "cp2value2");
        set(
            context.global_context_mut().state_mut(),
            "gcp2globkey2",
            "gcp2globvalue2",
        );
        Ok(PluginResult::allow())
    }
}

allow_hooks! {
    ContextPlugin {
        resource_pre_fetch: ResourcePreFetchPayload;
        resource_post_fetch: ResourcePostFetchPayload;
    }
}

allow_hooks! {
    ContextPlugin2 {
        resource_pre_fetch: ResourcePreFetchPayload;
        resource_post_fetch: ResourcePostFetchPayload;
    }
}

fn set(state: &mut Map, key: &str, value: &str) {
    state.insert(key.to_owned(), value.into());
}

fn expect(state: &Map, key: &str, value: &str) -> Result<(), PluginError> {
    match state.get(key) {
        Some(found) if *found == value => Ok(()),
        _ => Err(PluginError::new(format!(
            "{key} should be \"{value}\" in the context"
        ))),
    }
}

fn expect_none(state: &Map, key: &str) -> Result<(), PluginError> {
    if state.contains_key(key) {
        return Err(PluginError::new(format!("{key} should not be in the context")));
    }
    Ok(())
}
