use plugin_sdk::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    search: String,
    replace: String,
}

/// Replaces words in prompt and tool arguments.
#[plugin(hooks = [prompt_pre_fetch, tool_pre_invoke], config = Words)]
struct ReplaceWords {
    rules: Vec<Rule>,
}

impl ReplaceWords {
    async fn configure(config: Words) -> Result<Self, PluginError> {
        Ok(Self { rules: config.words })
    }

    async fn prompt_pre_fetch(
        &self,
        mut payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        for value in payload.args.values_mut() {
            for rule in &self.rules {
                *value = value.replace(&rule.search, &rule.replace);
            }
        }
        Ok(PluginResult::modify_payload(payload))
    }

    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        if payload.name == "rm" {
            return Ok(PluginResult::deny(
                PluginViolation::new("forbidden tool", "FORBIDDEN_TOOL").with_detail("tool", payload.name),
            ));
        }
        context.state_mut().insert("checked".into(), true.into());
        Ok(PluginResult::allow())
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<ReplaceWords>()
}
