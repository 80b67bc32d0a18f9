{% if messages.size > 0 %}use plugin_sdk::{hooks::message::ContentPart, prelude::*};{% else %}use plugin_sdk::prelude::*;{% endif %}

/// The word that this is about.
const WORD: &str = "secret";

/// {{description}}
#[plugin(hooks = [{{hook}}])]
#[derive(Default)]
struct {{type_name}};

impl {{type_name}} {
    async fn {{hook}}(
        &self,
        {% if changes %}mut {% endif %}payload: {{hook | upper_camel_case}}Payload,
        _context: &mut PluginContext,
    ) -> HookResult<{{hook_result}}> {
{%- case hook %}
{%- when "tool_pre_invoke" %}
        for value in payload.args.values_mut() {
            if let Value::String(text) = value {
                *text = text.replace(WORD, "***");
            }
        }
        Ok(PluginResult::modify_payload(payload))
{%- when "tool_post_invoke" %}
        if let Some(Value::Array(blocks)) = payload.result.get_mut("content") {
            for block in blocks {
                if let Some(Value::String(text)) = block.get_mut("text") {
                    *text = text.replace(WORD, "***");
                }
            }
        }
        Ok(PluginResult::modify_payload(payload))
{%- when "prompt_pre_fetch" %}
        for text in payload.args.values_mut() {
            *text = text.replace(WORD, "***");
        }
        Ok(PluginResult::modify_payload(payload))
{%- when "prompt_post_fetch" %}
        if let Some(Value::Array(messages)) = payload.result.get_mut("messages") {
            for message in messages {
                let content = message.get_mut("content");
                if let Some(Value::String(text)) = content.and_then(|it| it.get_mut("text")) {
                    *text = text.replace(WORD, "***");
                }
            }
        }
        Ok(PluginResult::modify_payload(payload))
{%- when "resource_pre_fetch" %}
        if payload.uri.contains(WORD) {
            let violation = PluginViolation::new("forbidden resource", "FORBIDDEN_RESOURCE")
                .with_detail("uri", payload.uri);
            return Ok(PluginResult::deny(violation));
        }
        Ok(PluginResult::allow())
{%- when "resource_post_fetch" %}
        if let Some(Value::String(text)) = payload.content.get_mut("text") {
            *text = text.replace(WORD, "***");
        }
        Ok(PluginResult::modify_payload(payload))
{%- when "agent_pre_invoke" %}
        for message in &mut payload.messages {
            if let Some(Value::String(text)) = message.get_mut("content") {
                *text = text.replace(WORD, "***");
            }
        }
        Ok(PluginResult::modify_payload(payload))
{%- when "agent_post_invoke" %}
        // The gateway keeps the agent's answer whatever a plugin makes of it: this hook observes.
        let mut count = 0;
        for message in &payload.messages {
            let text = message["content"].as_str();
            if text.is_some_and(|text| text.contains(WORD)) {
                count += 1;
            }
        }
        Ok(PluginResult::allow().with_metadata("flagged_messages", count))
{%- when "http_pre_request", "http_post_request" %}
        // The result is the headers to set, not the request.
        let mut headers = {{hook_result}}::new();
        if payload.path.contains(WORD) {
            headers.insert("x-flagged".into(), "true".into());
            return Ok(PluginResult::modify_payload(headers));
        }
        Ok(PluginResult::allow())
{%- when "http_auth_resolve_user" %}
        let program = payload.headers.get("user-agent");
        if program.is_some_and(|program| program.contains(WORD)) {
            let violation = PluginViolation::new("forbidden program", "FORBIDDEN_PROGRAM");
            return Ok(PluginResult::deny(violation));
        }
        // No user either: the gateway finds out by itself.
        Ok(PluginResult::allow())
{%- when "http_auth_check_permission" %}
        if payload.permission.contains(WORD) && !payload.is_admin {
            let decision = {{hook_result}}::new(false);
            return Ok(PluginResult::modify_payload(decision));
        }
        // No decision: the gateway checks the permission by itself.
        Ok(PluginResult::allow())
{%- when "identity_resolve" %}
        let program = payload.headers.get("user-agent");
        if program.is_some_and(|program| program.contains(WORD)) {
            let result = {{hook_result}}::new();
            let result = result.with_rejection(403, "forbidden program");
            return Ok(PluginResult::modify_payload(result));
        }
        // No subject either: another plugin finds out.
        Ok(PluginResult::allow())
{%- when "token_delegate" %}
        if payload.target_name.contains(WORD) {
            let violation = PluginViolation::new("forbidden target", "FORBIDDEN_TARGET")
                .with_detail("target", payload.target_name);
            return Ok(PluginResult::deny(violation));
        }
        // No token either: another plugin has one.
        Ok(PluginResult::allow())
{%- else %}
        for part in &mut payload.message.content {
            if let ContentPart::Text { text, .. } = part {
                *text = text.replace(WORD, "***");
            }
        }
        Ok(PluginResult::modify_payload(payload))
{%- endcase %}
    }
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<{{type_name}}>()
}

#[cfg(test)]
mod tests {
{%- if messages.size > 0 %}
    use plugin_sdk::hooks::message::{Message, Role};
{% endif %}
    use super::*;

    #[tokio::test]
    async fn the_word_is_found() -> Result<(), PluginError> {
        let plugin = {{type_name}};
        let context = &mut PluginContext::new("request-1");
{%- case hook %}
{%- when "tool_pre_invoke" %}
        let payload = ToolPreInvokePayload::new("search").with_arg("query", "a secret");
        let result = plugin.tool_pre_invoke(payload, context).await?;
        assert_eq!(result.modified_payload.unwrap().args["query"], "a ***");
{%- when "tool_post_invoke" %}
        let block = Map::from([("type", "text"), ("text", "a secret")]);
        let payload = ToolPostInvokePayload::new("search", Map::from([("content", [block])]));
        let result = plugin.tool_post_invoke(payload, context).await?;
        let found = result.modified_payload.unwrap().result;
        assert_eq!(found["content"][0]["text"], "a ***");
{%- when "prompt_pre_fetch" %}
        let payload = PromptPreFetchPayload::new("greeting").with_arg("user", "a secret");
        let result = plugin.prompt_pre_fetch(payload, context).await?;
        assert_eq!(result.modified_payload.unwrap().args["user"], "a ***");
{%- when "prompt_post_fetch" %}
        let content = Map::from([("type", "text"), ("text", "a secret")]);
        let message = Map::from([("content", content)]);
        let payload = PromptPostFetchPayload::new("greeting", Map::from([("messages", [message])]));
        let result = plugin.prompt_post_fetch(payload, context).await?;
        let rendered = result.modified_payload.unwrap().result;
        assert_eq!(rendered["messages"][0]["content"]["text"], "a ***");
{%- when "resource_pre_fetch" %}
        let payload = ResourcePreFetchPayload::new("file:///secret.txt");
        let result = plugin.resource_pre_fetch(payload, context).await?;
        assert_eq!(result.violation.unwrap().code, "FORBIDDEN_RESOURCE");

        let payload = ResourcePreFetchPayload::new("file:///notes.txt");
        let result = plugin.resource_pre_fetch(payload, context).await?;
        assert_eq!(result, PluginResult::allow());
{%- when "resource_post_fetch" %}
        let content = Map::from([("type", "resource"), ("text", "a secret")]);
        let payload = ResourcePostFetchPayload::new("file:///notes.txt", content);
        let result = plugin.resource_post_fetch(payload, context).await?;
        assert_eq!(result.modified_payload.unwrap().content["text"], "a ***");
{%- when "agent_pre_invoke" %}
        let message = Map::from([("role", "user"), ("content", "a secret")]);
        let payload = AgentPreInvokePayload::new("translator", [message]);
        let result = plugin.agent_pre_invoke(payload, context).await?;
        let messages = result.modified_payload.unwrap().messages;
        assert_eq!(messages[0]["content"], "a ***");
{%- when "agent_post_invoke" %}
        let message = Map::from([("role", "assistant"), ("content", "a secret")]);
        let payload = AgentPostInvokePayload::new("translator", [message]);
        let result = plugin.agent_post_invoke(payload, context).await?;
        assert_eq!(result.metadata["flagged_messages"], 1);
{%- when "http_pre_request", "http_post_request" %}
        let payload = {{hook | upper_camel_case}}Payload::new("/secret", "GET");
        let result = plugin.{{hook}}(payload, context).await?;
        assert_eq!(result.modified_payload.unwrap()["x-flagged"], "true");

        let payload = {{hook | upper_camel_case}}Payload::new("/", "GET");
        let result = plugin.{{hook}}(payload, context).await?;
        assert_eq!(result, PluginResult::allow());
{%- when "http_auth_resolve_user" %}
        let mut headers = Map::new();
        headers.insert("user-agent".into(), "secret-agent".into());
        let payload = HttpAuthResolveUserPayload::new(headers);
        let result = plugin.http_auth_resolve_user(payload, context).await?;
        assert_eq!(result.violation.unwrap().code, "FORBIDDEN_PROGRAM");

        let payload = HttpAuthResolveUserPayload::new(Map::new());
        let result = plugin.http_auth_resolve_user(payload, context).await?;
        assert_eq!(result, PluginResult::allow());
{%- when "http_auth_check_permission" %}
        let payload = HttpAuthCheckPermissionPayload::new("alice@example.com", "secrets.read");
        let admin = payload.clone().with_is_admin(true);
        let result = plugin.http_auth_check_permission(payload, context).await?;
        assert!(!result.modified_payload.unwrap().granted);

        let result = plugin.http_auth_check_permission(admin, context).await?;
        assert_eq!(result, PluginResult::allow());
{%- when "identity_resolve" %}
        let payload = IdentityResolvePayload::new("t0ken");
        let payload = payload.with_header("user-agent", "secret-agent");
        let result = plugin.identity_resolve(payload, context).await?;
        assert!(result.modified_payload.unwrap().rejected);

        let payload = IdentityResolvePayload::new("t0ken");
        let result = plugin.identity_resolve(payload, context).await?;
        assert_eq!(result, PluginResult::allow());
{%- when "token_delegate" %}
        let payload = TokenDelegatePayload::new("secret-store");
        let result = plugin.token_delegate(payload, context).await?;
        assert_eq!(result.violation.unwrap().code, "FORBIDDEN_TARGET");

        let payload = TokenDelegatePayload::new("search");
        let result = plugin.token_delegate(payload, context).await?;
        assert_eq!(result, PluginResult::allow());
{%- else %}
        let message = Message::new(Role::User).with_part(ContentPart::text("a secret"));
        let payload = {{hook | upper_camel_case}}Payload::new(message);
        let result = plugin.{{hook}}(payload, context).await?;
        let message = result.modified_payload.unwrap().message;
        assert_eq!(message.content, [ContentPart::text("a ***")]);
{%- endcase %}
        Ok(())
    }
}
