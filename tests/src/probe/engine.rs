//! The steps that every hook takes, up to the point where its own result is made.

use std::time::Duration;

use plugin_sdk::hooks::Hook;
use plugin_sdk::prelude::*;
use plugin_sdk::{Map, Value};

use super::ProbePlugin;
use super::directives::Directives;
use super::payloads::ProbePayload;

/// More than a host can receive; a payload must not make the server allocate without bound.
const MAX_GROWTH: usize = 64 << 20;

/// What the strings of an invocation ask for.
#[derive(Default)]
struct Strings {
    explode: bool,
    forbidden: u64,
    sleep_ms: u64,
}

impl ProbePlugin {
    /// Fails, changes the context, waits and denies as the payload asks for. Where the result continues, only the
    /// modified payload is left to set.
    pub(super) async fn examine<H: Hook, P: ProbePayload>(
        &self,
        payload: &P,
        context: &mut PluginContext,
    ) -> HookResult<H::Result> {
        let directives = Directives(payload.directives());
        if let Some(error) = directives.error() {
            return Err(error);
        }
        let strings = self.read(payload);
        if strings.explode {
            return Err(PluginError::new(format!("probe exploded on {}", H::NAME)));
        }

        directives.change(context);
        if strings.sleep_ms > 0 {
            tokio::time::sleep(Duration::from_millis(strings.sleep_ms)).await;
        }

        let violation = directives
            .violation()
            .or_else(|| self.violation(H::NAME, strings.forbidden));
        let mut result = violation.map_or_else(PluginResult::allow, PluginResult::deny);
        result.metadata = metadata(directives, payload, context)?;
        result.http_headers = directives.http_headers();
        result.retry_delay_ms = directives.retry_delay_ms().unwrap_or_default();
        result.denial_metadata = directives.denial_metadata();
        Ok(result)
    }

    fn read(&self, payload: &impl ProbePayload) -> Strings {
        let mut strings = Strings::default();
        payload.visit(&mut |string| {
            strings.explode |= string.contains(&self.fail_word);
            strings.forbidden += u64::from(string.contains(&self.deny_word));
            strings.sleep_ms = strings
                .sleep_ms
                .saturating_add(sleep_ms(string).unwrap_or_default());
        });
        strings
    }

    fn violation(&self, hook: &str, count: u64) -> Option<PluginViolation> {
        if count == 0 {
            return None;
        }
        let list = Value::from([1.into(), 2.5.into(), Value::Null, true.into(), "é".into()]);
        let violation = PluginViolation::new("Forbidden content", "PROBE_FORBIDDEN")
            .with_description("The value contains a forbidden word")
            .with_detail("hook", hook)
            .with_detail("word", self.deny_word.as_str())
            .with_detail("count", count)
            .with_detail("nested", Map::<Value>::from([("list", list)]))
            .with_mcp_error_code(-32099)
            .with_http_status_code(451)
            .with_http_header("X-Probe-Reason", "forbidden");
        Some(violation)
    }
}

/// The milliseconds of a string that is exactly `sleep:<digits>`.
fn sleep_ms(string: &str) -> Option<u64> {
    let digits = string.strip_prefix("sleep:")?;
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Digits that do not fit are still a wait, one without end.
    decimal.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn metadata<P: ProbePayload>(
    directives: Directives<'_>,
    payload: &P,
    context: &PluginContext,
) -> Result<Map, PluginError> {
    let mut metadata = directives.result_metadata();
    if directives.wants("echo_payload") {
        metadata.insert("payload".into(), Value::from_serialize(payload)?);
    }
    if directives.wants("echo_context") {
        metadata.insert("context".into(), echo(context).into());
    }
    if let Some(length) = directives.grow() {
        if length > MAX_GROWTH {
            return Err(PluginError::new(format!(
                "grow: {length} is over the limit of {MAX_GROWTH}"
            )));
        }
        metadata.insert("blob".into(), "x".repeat(length).into());
    }
    Ok(metadata)
}

fn echo(context: &PluginContext) -> Map {
    let global = context.global_context();
    let user_id = global.user_context().map(|user| user.user_id.as_str());
    Map::from([
        ("request_id", Value::from(context.request_id())),
        ("server_id", global.server_id().into()),
        ("tenant_id", global.tenant_id().into()),
        ("user", global.user().cloned().into()),
        ("content_type", global.content_type().into()),
        ("user_id", user_id.into()),
        ("state", context.state().clone().into()),
        ("metadata", context.metadata().clone().into()),
        ("global_state", global.state().clone().into()),
        ("global_metadata", global.metadata().clone().into()),
    ])
}
