//! The plugin that denies prompts by their arguments.

use plugin_sdk::prelude::*;
use serde::Deserialize;

/// The `config` section.
#[derive(Deserialize)]
struct DenyListConfig {
    /// Words that no argument may contain.
    #[serde(default)]
    words: Vec<String>,
}

/// Denies prompts with a forbidden word in an argument.
#[plugin(
    kind = "plugins.deny_filter.DenyListPlugin",
    hooks = [prompt_pre_fetch],
    config = DenyListConfig,
)]
pub struct DenyListPlugin {
    words: Vec<String>,
}

impl DenyListPlugin {
    async fn configure(config: DenyListConfig) -> Result<Self, PluginError> {
        Ok(Self { words: config.words })
    }

    async fn prompt_pre_fetch(
        &self,
        payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        let denied = payload
            .args
            .values()
            .any(|argument| self.words.iter().any(|word| argument.contains(word.as_str())));
        let mut result = PluginResult::modify_payload(payload);
        if denied {
            result.continue_processing = false;
            result.violation = Some(
                PluginViolation::new("Prompt not allowed", "deny")
                    .with_description("A deny word was found in the prompt"),
            );
        }
        Ok(result)
    }
}
