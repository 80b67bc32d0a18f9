//! What the operator writes into `config` of `resources/plugins/config.yaml`.

use plugin_sdk::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::words::Words;

/// The settings. `manifest --format json` has their schema, with these comments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// What is replaced or denied, as it is written.
    words: Vec<String>,
    /// What is put in the place of a word.
    #[serde(default = "stars")]
    replacement: String,
}

impl Settings {
    /// The words, if they can be looked for.
    pub(crate) fn into_words(self) -> Result<Words, PluginError> {
        if self.words.is_empty() || self.words.iter().any(String::is_empty) {
            let message = "config.words: needs at least one word, and none may be empty";
            return Err(PluginError::new(message));
        }
        Ok(Words::new(self.words, self.replacement))
    }
}

fn stars() -> String {
    "***".to_owned()
}

#[cfg(test)]
mod tests {
    use plugin_sdk::testing::configured;
    use serde_json::json;

    use crate::{{type_name}};

    #[tokio::test]
    async fn settings_that_can_not_be_used_are_refused() {
        for (settings, problem) in [
            (json!({}), "missing field `words`"),
            (json!({"words": []}), "needs at least one word"),
            (json!({"words": [""]}), "none may be empty"),
            (json!({"words": ["a"], "word": "a"}), "unknown field `word`"),
        ] {
            let refused = configured::<{{type_name}}>(settings).await;
            let message = refused.err().unwrap().to_string();
            assert!(message.contains(problem), "{message}");
        }
    }
}
