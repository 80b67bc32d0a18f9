//! The plugin that replaces what matches a pattern.

use plugin_sdk::Value;
use plugin_sdk::prelude::*;
use regex::{NoExpand, Regex};
use serde::Deserialize;

/// The `config` section.
#[derive(Deserialize)]
struct SearchReplaceConfig {
    /// What to replace, in this order.
    #[serde(default)]
    words: Vec<SearchReplace>,
}

/// One pattern and what takes its place.
#[derive(Deserialize)]
struct SearchReplace {
    search: String,
    replace: String,
}

/// Replaces words in prompts and tools.
#[plugin(
    kind = "plugins.search_replace.SearchReplacePlugin",
    hooks = [prompt_pre_fetch, prompt_post_fetch, tool_pre_invoke, tool_post_invoke],
    config = SearchReplaceConfig,
)]
pub struct SearchReplacePlugin {
    patterns: Vec<(Regex, String)>,
}

impl SearchReplacePlugin {
    async fn configure(config: SearchReplaceConfig) -> Result<Self, PluginError> {
        // A pattern that does not compile is left out, as the Python plugin does.
        let patterns = config
            .words
            .into_iter()
            .filter_map(|word| Some((Regex::new(&word.search).ok()?, word.replace)))
            .collect();
        Ok(Self { patterns })
    }

    async fn prompt_pre_fetch(
        &self,
        mut payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        payload
            .args
            .values_mut()
            .for_each(|argument| self.replace(argument));
        Ok(PluginResult::modify_payload(payload))
    }

    async fn prompt_post_fetch(
        &self,
        mut payload: PromptPostFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPostFetchPayload> {
        let messages = payload.result.get_mut("messages").and_then(Value::as_array_mut);
        for message in messages.into_iter().flatten() {
            let content = message.get_mut("content");
            if let Some(text) = content.and_then(|content| content.get_mut("text")) {
                self.replace_value(text);
            }
        }
        Ok(PluginResult::modify_payload(payload))
    }

    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        payload
            .args
            .values_mut()
            .for_each(|argument| self.replace_value(argument));
        Ok(PluginResult::modify_payload(payload))
    }

    async fn tool_post_invoke(
        &self,
        mut payload: ToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        match payload.result.as_object_mut() {
            Some(result) => result.values_mut().for_each(|value| self.replace_value(value)),
            None => self.replace_value(&mut payload.result),
        }
        Ok(PluginResult::modify_payload(payload))
    }

    /// Leaves everything but a string alone.
    fn replace_value(&self, value: &mut Value) {
        if let Value::String(text) = value {
            self.replace(text);
        }
    }

    fn replace(&self, text: &mut String) {
        for (pattern, replacement) in &self.patterns {
            *text = pattern.replace_all(text, NoExpand(replacement)).into_owned();
        }
    }
}
