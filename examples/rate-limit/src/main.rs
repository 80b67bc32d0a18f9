//! Limits how often a user, a tenant or anybody calls tools, prompts, resources and agents.

mod limit;
mod settings;
mod store;

use std::time::Duration;

use governor::clock::DefaultClock;
use plugin_sdk::prelude::*;

use crate::{
    limit::{Limit, Verdict},
    settings::{LimitSettings, Settings},
};

/// Limits the calls of a user, tenant or tool.
#[plugin(
    hooks = [tool_pre_invoke, prompt_pre_fetch, resource_pre_fetch, agent_pre_invoke],
    config = Settings,
    tags = ["rate limit"],
)]
struct RateLimit {
    limits: Vec<Limit>,
}

impl RateLimit {
    async fn configure(settings: Settings) -> Result<Self, PluginError> {
        if settings.limits.is_empty() {
            return Err(PluginError::new(
                "config.limits is empty: write at least one limit",
            ));
        }
        if !(1..=1_000_000).contains(&settings.max_callers) {
            return Err(PluginError::new(format!(
                "config.max_callers is {}: write 1 to 1000000; 10000 is the default",
                settings.max_callers
            )));
        }
        let limits = settings.limits.into_iter().enumerate().map(|(index, limit)| {
            Limit::new(limit, settings.max_callers, DefaultClock::default())
                .map_err(|error| PluginError::new(format!("config.limits[{index}]: {error}")))
        });
        Ok(Self {
            limits: limits.collect::<Result<_, _>>()?,
        })
    }

    async fn tool_pre_invoke(
        &self,
        payload: ToolPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(self.check(&payload.name, context))
    }

    async fn prompt_pre_fetch(
        &self,
        payload: PromptPreFetchPayload,
        context: &mut PluginContext,
    ) -> HookResult<PromptPreFetchPayload> {
        Ok(self.check(&payload.prompt_id, context))
    }

    async fn resource_pre_fetch(
        &self,
        payload: ResourcePreFetchPayload,
        context: &mut PluginContext,
    ) -> HookResult<ResourcePreFetchPayload> {
        Ok(self.check(&payload.uri, context))
    }

    async fn agent_pre_invoke(
        &self,
        payload: AgentPreInvokePayload,
        context: &mut PluginContext,
    ) -> HookResult<AgentPreInvokePayload> {
        Ok(self.check(&payload.agent_id, context))
    }

    /// Counts the call in every limit up to the first that is passed.
    fn check<T>(&self, target: &str, context: &PluginContext) -> PluginResult<T> {
        let mut least = None;
        for limit in &self.limits {
            match limit.check(target, context) {
                Some(Verdict::Wait(wait)) => return deny(limit.settings(), wait),
                Some(Verdict::Pass { remaining }) => {
                    least = Some(least.map_or(remaining, |least: u32| least.min(remaining)));
                }
                None => {}
            }
        }
        match least {
            Some(remaining) => PluginResult::allow().with_metadata("remaining_calls", remaining),
            None => PluginResult::allow(),
        }
    }
}

/// A denial that says when to come back: to people, to programs, and to HTTP clients.
fn deny<T>(limit: &LimitSettings, wait: Duration) -> PluginResult<T> {
    let LimitSettings { calls, seconds, .. } = limit;
    let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    let whole_seconds = milliseconds.div_ceil(1000);
    let per: Vec<_> = limit.per.iter().map(|part| part.name()).collect();
    let description =
        format!("More than {calls} calls in {seconds} seconds; try again in {whole_seconds} seconds");
    let violation = PluginViolation::new("Too many calls", "RATE_LIMIT")
        .with_description(description)
        .with_detail("calls", calls.get())
        .with_detail("seconds", seconds.get())
        .with_detail("per", per)
        .with_detail("retry_after_ms", milliseconds)
        .with_http_status_code(429)
        .with_http_header("Retry-After", whole_seconds.to_string())
        .with_http_header("X-RateLimit-Limit", calls.to_string())
        .with_http_header("X-RateLimit-Remaining", "0")
        .with_http_header("X-RateLimit-Reset", whole_seconds.to_string());
    PluginResult::deny(violation)
        .with_retry_delay_ms(milliseconds)
        .with_denial_metadata("retry_after_ms", i64::try_from(milliseconds).unwrap_or(i64::MAX))
}

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<RateLimit>()
}

#[cfg(test)]
mod tests {
    use plugin_sdk::{
        hooks::AgentPreInvoke,
        host::{InProcessPlugin, Invoke},
    };

    use super::*;
    use crate::settings::Part;

    fn limit(calls: u32, seconds: u32) -> LimitSettings {
        LimitSettings {
            per: vec![Part::User],
            calls: calls.try_into().unwrap(),
            seconds: seconds.try_into().unwrap(),
            burst: None,
            targets: None,
        }
    }

    async fn plugin(limits: Vec<LimitSettings>) -> RateLimit {
        let settings = Settings {
            limits,
            max_callers: 10,
        };
        RateLimit::configure(settings).await.unwrap()
    }

    async fn call(plugin: &RateLimit, tool: &str) -> PluginResult<ToolPreInvokePayload> {
        let mut context =
            PluginContext::new("test").with_global_context(|global| global.with_user("alice@example.com"));
        plugin
            .tool_pre_invoke(ToolPreInvokePayload::new(tool), &mut context)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_denial_says_when_to_come_back() {
        let plugin = plugin(vec![limit(2, 7200)]).await;
        assert_eq!(call(&plugin, "search").await.metadata["remaining_calls"], 1);
        assert_eq!(call(&plugin, "search").await.metadata["remaining_calls"], 0);

        let result = call(&plugin, "search").await;
        assert!(!result.continue_processing);
        assert!((3_590_000..=3_600_000).contains(&result.retry_delay_ms));
        let violation = result.violation.unwrap();
        assert_eq!(
            (violation.code.as_str(), violation.http_status_code),
            ("RATE_LIMIT", Some(429))
        );
        assert_eq!(violation.details["retry_after_ms"], result.retry_delay_ms);
        let headers = violation.http_headers.unwrap();
        let retry_after: u64 = headers["Retry-After"].parse().unwrap();
        assert_eq!(retry_after, result.retry_delay_ms.div_ceil(1000));
    }

    #[tokio::test]
    async fn a_host_finds_its_calls_counted() {
        let plugin = InProcessPlugin::new(plugin(vec![limit(1, 3600)]).await);
        let payload = AgentPreInvokePayload::new("clerk", Vec::<Value>::new());
        let mut passed = Vec::new();
        for user in ["alice@example.com", "bob@example.com", "alice@example.com"] {
            let mut context = PluginContext::new("test").with_global_context(|global| global.with_user(user));
            let result = plugin
                .invoke::<AgentPreInvoke>(&payload, &mut context)
                .await
                .unwrap();
            passed.push(result.continue_processing);
        }
        assert_eq!(passed, [true, true, false]);
    }

    #[tokio::test]
    async fn the_tightest_of_several_limits_counts_for_its_targets() {
        let mut tight = limit(1, 3600);
        tight.targets = Some(vec!["export".to_owned()]);
        let plugin = plugin(vec![limit(10, 3600), tight]).await;
        assert_eq!(call(&plugin, "search").await.metadata["remaining_calls"], 9);
        assert_eq!(call(&plugin, "export").await.metadata["remaining_calls"], 0);
        assert!(!call(&plugin, "export").await.continue_processing);
        assert!(call(&plugin, "search").await.continue_processing);
    }

    #[tokio::test]
    async fn settings_without_a_limit_are_a_mistake() {
        let cases = [
            (vec![], 10, "config.limits is empty"),
            (vec![limit(1, 1)], 0, "config.max_callers is 0"),
            (vec![limit(1, 1), limit(u32::MAX, 1)], 10, "config.limits[1]: "),
        ];
        for (limits, max_callers, expected) in cases {
            let error = RateLimit::configure(Settings { limits, max_callers })
                .await
                .err()
                .unwrap();
            assert!(error.message().starts_with(expected), "{error}");
        }
    }
}
