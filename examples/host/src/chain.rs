//! What a gateway makes of its plugins' answers: one after another, each with the payload that the one before left.

use std::time::{Duration, Instant};

use plugin_sdk::{
    Map, PluginContext, Value,
    host::{HostError, Invoke, Mode, OnError, PluginRegistry},
};

/// What one plugin did.
pub(crate) struct Step {
    pub(crate) plugin: String,
    pub(crate) mode: &'static str,
    pub(crate) priority: String,
    pub(crate) what: String,
    pub(crate) time: Duration,
}

impl Step {
    /// A plugin that can't be called.
    pub(crate) fn of_failure(error: &HostError) -> Self {
        Self {
            plugin: error.plugin().unwrap_or_default().to_owned(),
            mode: "",
            priority: String::new(),
            what: format!("not there: {error}"),
            time: Duration::ZERO,
        }
    }
}

/// What came of all.
pub(crate) struct Outcome {
    pub(crate) steps: Vec<Step>,
    pub(crate) verdict: String,
}

/// Runs a hook through the plugins that have it. Those that nobody waits for come last, also after a denial.
pub(crate) async fn run(
    plugins: &PluginRegistry,
    hook: &str,
    mut payload: Map,
    context: &mut PluginContext,
) -> Outcome {
    let mut steps = Vec::new();
    let mut verdict = None;
    for plugin in plugins.of_hook(hook) {
        let config = plugin.config();
        if verdict.is_some() && config.mode() != Mode::FireAndForget {
            continue;
        }
        let started = Instant::now();
        // State and metadata belong to one plugin; what they share goes on to the next.
        let mut own = PluginContext::new(context.request_id())
            .with_global_context(|_| context.global_context().clone());
        let answer = plugin.invoke_by_name(hook, &payload, &mut own).await;
        // What an observer changes is its own affair.
        let is_observer = matches!(config.mode(), Mode::Audit | Mode::FireAndForget);
        if answer.is_ok() && !is_observer {
            let changed = own.global_context().state().clone();
            context.global_context_mut().state_mut().extend(changed);
        }
        let what = match answer {
            Ok(result) if !result.continue_processing => {
                let violation = result.violation.map(|violation| violation.to_string());
                let violation = violation.unwrap_or_default();
                if matches!(config.mode(), Mode::Sequential | Mode::Concurrent) {
                    verdict = Some(format!("denied by {}: {violation}", config.name()));
                }
                format!("denied: {violation}")
            }
            Ok(result) => match result.modified_payload {
                Some(modified) if matches!(config.mode(), Mode::Sequential | Mode::Transform) => {
                    payload = modified;
                    "changed the payload".to_owned()
                }
                _ => "let it pass".to_owned(),
            },
            Err(error) => {
                if config.on_error() == OnError::Fail && config.mode() != Mode::FireAndForget {
                    verdict = Some(format!("failed in {}: {error}", config.name()));
                }
                format!("failed: {error}")
            }
        };
        steps.push(Step {
            plugin: config.name().to_owned(),
            mode: config.mode().as_str(),
            priority: config.priority().to_string(),
            what,
            time: started.elapsed(),
        });
    }
    let verdict = verdict.unwrap_or_else(|| format!("passed: {}", Value::Object(payload)));
    Outcome { steps, verdict }
}
