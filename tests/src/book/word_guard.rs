//! The plugin that `docs/python.md` has in Python as well.

use plugin_sdk::prelude::*;
use serde::Deserialize;

/// The `config` of the plugin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordGuardConfig {
    replace: String,
    with: String,
    #[serde(default)]
    forbidden: Vec<String>,
}

/// Replaces a word in what tools get, and denies forbidden ones.
#[plugin(
    kind = "word_guard.WordGuard",
    hooks = [tool_pre_invoke, tool_post_invoke],
    config = WordGuardConfig,
)]
pub struct WordGuard {
    config: WordGuardConfig,
}

impl WordGuard {
    async fn configure(config: WordGuardConfig) -> Result<Self, PluginError> {
        Ok(Self { config })
    }

    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let mut changed = 0;
        for (key, value) in &mut payload.args {
            let Value::String(text) = value else {
                continue;
            };
            for word in &self.config.forbidden {
                if text.to_lowercase().contains(word) {
                    let violation = PluginViolation::new("forbidden word", "FORBIDDEN_WORD")
                        .with_description(format!("The argument {key} has a forbidden word"))
                        .with_detail("argument", key)
                        .with_http_status_code(422);
                    return Ok(PluginResult::deny(violation));
                }
            }
            if text.contains(&self.config.replace) {
                *text = text.replace(&self.config.replace, &self.config.with);
                changed += 1;
            }
        }
        if changed == 0 {
            return Ok(PluginResult::allow());
        }
        context.state_mut().insert("changed".into(), changed.into());
        Ok(PluginResult::modify_payload(payload).with_metadata("changed", changed))
    }

    async fn tool_post_invoke(
        &self,
        _payload: ToolPostInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        let changed = context.state().get("changed").cloned().unwrap_or(0.into());
        Ok(PluginResult::allow().with_metadata("changed", changed))
    }
}
