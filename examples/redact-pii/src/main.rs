//! Redacts personal data on its way to tools, prompts, agents and models, and in what comes back from tools.

mod detect;
mod message;
mod redact;
mod settings;

use plugin_sdk::prelude::*;

use crate::{redact::Redaction, settings::Settings};

/// Redacts personal data in prompts, tool calls, agent calls and messages.
#[plugin(
    hooks = [
        prompt_pre_fetch,
        tool_pre_invoke,
        tool_post_invoke,
        agent_pre_invoke,
        cmf_llm_input,
        cmf_llm_output,
        evaluate,
    ],
    config = Settings,
    tags = ["pii", "redact"],
)]
struct RedactPii {
    settings: Settings,
}

impl RedactPii {
    async fn configure(settings: Settings) -> Result<Self, PluginError> {
        settings.check()?;
        Ok(Self { settings })
    }

    async fn prompt_pre_fetch(
        &self,
        mut payload: PromptPreFetchPayload,
        _context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        let mut redaction = Redaction::new(&self.settings);
        payload.args.values_mut().for_each(|text| redaction.text(text));
        Ok(redaction.result(payload))
    }

    async fn tool_pre_invoke(
        &self,
        mut payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        let mut redaction = Redaction::new(&self.settings);
        redaction.map(&mut payload.args);
        Ok(redaction.result(payload))
    }

    async fn tool_post_invoke(
        &self,
        mut payload: ToolPostInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPostInvokePayload> {
        let mut redaction = Redaction::new(&self.settings);
        redaction.value(&mut payload.result);
        Ok(redaction.result(payload))
    }

    async fn agent_pre_invoke(
        &self,
        mut payload: AgentPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<AgentPreInvokePayload> {
        let mut redaction = Redaction::new(&self.settings);
        payload
            .messages
            .iter_mut()
            .for_each(|message| redaction.value(message));
        redaction.map(&mut payload.parameters);
        payload
            .system_prompt
            .iter_mut()
            .for_each(|text| redaction.text(text));
        Ok(redaction.result(payload))
    }

    async fn cmf_llm_input(
        &self,
        payload: CmfLlmInputPayload,
        _context: &mut PluginContext,
    ) -> HookResult<CmfLlmInputPayload> {
        Ok(self.message(payload))
    }

    async fn cmf_llm_output(
        &self,
        payload: CmfLlmOutputPayload,
        _context: &mut PluginContext,
    ) -> HookResult<CmfLlmOutputPayload> {
        Ok(self.message(payload))
    }

    async fn evaluate(
        &self,
        payload: EvaluatePayload,
        _context: &mut PluginContext,
    ) -> HookResult<EvaluatePayload> {
        Ok(self.message(payload))
    }

    /// All message hooks have the same payload.
    fn message(&self, mut payload: EvaluatePayload) -> PluginResult<EvaluatePayload> {
        let mut redaction = Redaction::new(&self.settings);
        message::redact(&mut payload.message, &mut redaction);
        redaction.result(payload)
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<RedactPii>()
}

#[cfg(test)]
mod tests {
    use plugin_sdk::hooks::message::{ContentPart, Message, PromptResult, Role, ToolCall};

    use super::*;
    use crate::{detect::Kind, settings::Action};

    async fn plugin(actions: &[(Kind, Action)]) -> RedactPii {
        let settings = Settings {
            actions: actions.iter().copied().collect(),
            ..Settings::default()
        };
        RedactPii::configure(settings).await.unwrap()
    }

    fn context() -> PluginContext {
        PluginContext::new("test")
    }

    #[tokio::test]
    async fn values_at_any_depth_are_redacted_and_counted() {
        let inner = Map::from([("to", Value::from(["bob@example.com", "Eve", "eve@example.org"]))]);
        let payload = ToolPreInvokePayload::new("mail")
            .with_arg("message", inner)
            .with_arg("copies", 2);
        let plugin = plugin(&[(Kind::Email, Action::Replace)]).await;
        let result = plugin.tool_pre_invoke(payload, &mut context()).await.unwrap();
        assert_eq!(result.metadata["redacted"]["email"], 2);
        let args = result.modified_payload.unwrap().args;
        assert_eq!(args["message"]["to"], Value::from(["[EMAIL]", "Eve", "[EMAIL]"]));
        assert_eq!(args["copies"], 2);
    }

    #[tokio::test]
    async fn what_holds_no_personal_data_does_not_go_back() {
        let payload = PromptPreFetchPayload::new("greeting").with_arg("text", "call 12345 at version 1.2.3");
        let plugin = plugin(&[]).await;
        let result = plugin.prompt_pre_fetch(payload, &mut context()).await.unwrap();
        assert_eq!(result, PluginResult::allow());
    }

    #[tokio::test]
    async fn a_denial_names_the_kind_and_not_the_value() {
        let payload = ToolPostInvokePayload::new("crm", "card 4111 1111 1111 1111 of alice@example.com");
        let plugin = plugin(&[(Kind::CreditCard, Action::Deny)]).await;
        let result = plugin.tool_post_invoke(payload, &mut context()).await.unwrap();
        assert!(!result.continue_processing && result.modified_payload.is_none());
        let violation = result.violation.unwrap();
        assert_eq!(violation.code, "PII_DETECTED");
        assert_eq!(violation.details["kinds"], Value::from(["credit_card"]));
        assert!(!format!("{violation:?}").contains("4111"));
    }

    #[tokio::test]
    async fn a_kind_that_is_kept_does_not_hide_another() {
        // The address would also be found as the longer e-mail address.
        let payload = PromptPreFetchPayload::new("p").with_arg("text", "root@192.0.2.17.example.com");
        let plugin = plugin(&[(Kind::Email, Action::Keep)]).await;
        let result = plugin.prompt_pre_fetch(payload, &mut context()).await.unwrap();
        let text = &result.modified_payload.unwrap().args["text"];
        assert_eq!(text, "root@[IP_ADDRESS].example.com");
    }

    #[tokio::test]
    async fn agent_calls_are_redacted() {
        let message = Map::from([("role", "user"), ("content", "SSN 078-05-1120")]);
        let payload = AgentPreInvokePayload::new("clerk", [message])
            .with_parameter("phone", "+33 1 23 45 67 89")
            .with_system_prompt("Ask bob@example.com");
        let plugin = plugin(&[(Kind::Phone, Action::Mask)]).await;
        let result = plugin.agent_pre_invoke(payload, &mut context()).await.unwrap();
        let payload = result.modified_payload.unwrap();
        assert_eq!(payload.messages[0]["content"], "SSN [US_SSN]");
        assert_eq!(payload.system_prompt.as_deref(), Some("Ask [EMAIL]"));
        assert_eq!(payload.parameters["phone"], "+** * ** ** *7 89");
    }

    #[tokio::test]
    async fn every_part_of_a_message_is_redacted() {
        let nested = Message::new(Role::User).with_part(ContentPart::text("from carol@example.com"));
        let mut prompt = PromptResult::new("p1", "letter");
        prompt.messages.push(nested);
        let call = ToolCall::new("c1", "mail").with_arguments(Map::from([("to", "bob@example.com")]));
        let message = Message::new(Role::Assistant)
            .with_part(ContentPart::thinking("to alice@example.com"))
            .with_part(call)
            .with_part(prompt);
        let plugin = plugin(&[]).await;
        let payload = EvaluatePayload::new(message);
        let result = plugin.cmf_llm_output(payload, &mut context()).await.unwrap();
        assert_eq!(result.metadata["redacted"]["email"], 3);
        let text = format!("{:?}", result.modified_payload.unwrap());
        assert!(!text.contains("example.com"), "{text}");
    }

    #[tokio::test]
    async fn settings_that_keep_everything_are_a_mistake() {
        let settings = Settings {
            default_action: Action::Keep,
            ..Settings::default()
        };
        let error = RedactPii::configure(settings).await.err().unwrap();
        assert!(error.message().contains("default_action"), "{error}");
    }
}
