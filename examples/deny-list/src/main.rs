//! Denies prompts, tool calls and resources that contain a word of a list.

use plugin_sdk::prelude::*;
use serde::Deserialize;

/// The settings, from `config` in the YAML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DenyListConfig {
    /// The words that are denied, in whatever letter case.
    words: Vec<String>,
}

/// Denies prompts, tool calls and resources that contain a word of a list.
#[plugin(hooks = [prompt_pre_fetch, tool_pre_invoke, resource_pre_fetch], config = DenyListConfig, tags = ["deny", "words"])]
struct DenyList {
    words: Vec<String>,
}

impl DenyList {
    async fn configure(config: DenyListConfig) -> Result<Self, PluginError> {
        if config.words.is_empty() {
            return Err(PluginError::new(
                "config.words is empty: a list without words denies nothing",
            ));
        }
        if config.words.iter().any(String::is_empty) {
            return Err(PluginError::new(
                "config.words contains an empty word, which every text contains",
            ));
        }
        Ok(Self {
            words: config.words.iter().map(|word| word.to_lowercase()).collect(),
        })
    }

    async fn prompt_pre_fetch(
        &self,
        payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        let found = payload
            .args
            .iter()
            .find_map(|(name, value)| self.find(name, value));
        Ok(found.map_or_else(PluginResult::allow, PluginResult::deny))
    }

    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let found = payload
            .args
            .iter()
            .find_map(|(name, value)| self.find_in(name, value));
        Ok(found.map_or_else(PluginResult::allow, PluginResult::deny))
    }

    async fn resource_pre_fetch(
        &self,
        payload: ResourcePreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<ResourcePreFetchPayload> {
        let found = self.find("uri", &payload.uri);
        Ok(found.map_or_else(PluginResult::allow, PluginResult::deny))
    }

    /// The violation of the first word that the text contains.
    fn find(&self, argument: &str, text: &str) -> Option<PluginViolation> {
        let lower_case = text.to_lowercase();
        let word = self.words.iter().find(|word| lower_case.contains(*word))?;
        let description = format!("The argument `{argument}` contains a word that is not allowed");
        Some(
            PluginViolation::new("Denied word", "DENY_LIST")
                .with_description(description)
                .with_detail("argument", argument)
                .with_detail("word", word)
                // The gateway's answer to an HTTP client. Without it, the gateway answers 200 and says it in the body.
                .with_http_status_code(403),
        )
    }

    /// The same in the strings of a value at any depth.
    fn find_in(&self, argument: &str, value: &Value) -> Option<PluginViolation> {
        match value {
            Value::String(text) => self.find(argument, text),
            Value::Array(values) => values.iter().find_map(|value| self.find_in(argument, value)),
            Value::Object(map) => map.values().find_map(|value| self.find_in(argument, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<DenyList>()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn call(args: Map) -> HookResult<ToolPreInvokePayload> {
        let plugin = DenyList::configure(DenyListConfig {
            words: vec!["Secret".into()],
        })
        .await?;
        let payload = ToolPreInvokePayload::new("search").with_args(args);
        plugin
            .tool_pre_invoke(payload, &mut PluginContext::new("test"))
            .await
    }

    #[tokio::test]
    async fn a_word_is_found_at_any_depth_and_in_any_letter_case() {
        let args = Map::from([("query", Value::from(vec![Value::from("all SECRETS")]))]);
        let result = call(args).await.unwrap();
        assert!(!result.continue_processing);
        let violation = result.violation.unwrap();
        assert_eq!(violation.code, "DENY_LIST");
        assert_eq!(violation.details["argument"], "query");
    }

    #[tokio::test]
    async fn other_calls_pass() {
        let result = call(Map::from([("query", "weather")])).await.unwrap();
        assert!(result.continue_processing);
        assert!(result.modified_payload.is_none());
    }

    #[tokio::test]
    async fn a_resource_is_denied_by_its_address() {
        let plugin = DenyList::configure(DenyListConfig {
            words: vec!["secret".into()],
        })
        .await
        .unwrap();
        let payload = ResourcePreFetchPayload::new("file:///Secrets/plan.txt");
        let result = plugin
            .resource_pre_fetch(payload, &mut PluginContext::new("test"))
            .await
            .unwrap();
        let violation = result.violation.unwrap();
        assert_eq!(violation.details["argument"], "uri");
        assert_eq!(violation.http_status_code, Some(403));
    }

    #[tokio::test]
    async fn a_list_that_denies_nothing_or_everything_is_a_mistake() {
        for (words, expected) in [
            (vec![], "config.words is empty"),
            (vec![String::new()], "an empty word"),
        ] {
            let error = DenyList::configure(DenyListConfig { words }).await.err().unwrap();
            assert!(error.message().contains(expected), "{error}");
        }
    }
}
