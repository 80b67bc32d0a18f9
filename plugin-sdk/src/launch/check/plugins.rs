//! The plugins: whether each starts, and whether hosts will call it.

use crate::{
    dispatch::{Dispatcher, InstanceConfig, StartError, unknown_hooks},
    launch::{configuration::Configuration, runtime::runtime, yaml::findings::Findings},
    value::Value,
};

/// Tries every instance on its own, so that all that fail are found. Returns a line for each that works.
pub(super) fn start(configuration: &Configuration, findings: &mut Findings) -> Result<Vec<String>, String> {
    let runtime = runtime(configuration)?;
    let mut working = Vec::new();
    runtime.block_on(async {
        for instance in &configuration.instances {
            let errors = try_one(configuration, instance).await;
            if errors.is_empty() && configuration.is_sound(instance) {
                let hooks = configuration.hooks_of(instance).join(", ");
                let state = if instance.disabled { " (disabled)" } else { "" };
                working.push(format!("plugin {}{state}: {hooks}", instance.name));
            }
            let is_skipped =
                !configuration.fail_on_plugin_error && configuration.manifest_of(instance).is_none();
            for error in errors {
                let message = configuration.explain(&error);
                if is_skipped {
                    findings.warnings.push(format!(
                        "{message}; skipped because of PLUGINS_FAIL_ON_PLUGIN_ERROR=false"
                    ));
                } else {
                    findings.problems.push(message);
                }
            }
        }
    });
    runtime.shutdown_background();
    if configuration.instances.is_empty() && findings.problems.is_empty() {
        findings.warnings.push("no plugin is configured".to_owned());
    }
    Ok(working)
}

/// What keeps an instance from starting: in its `hooks`, and in its `config`.
async fn try_one(configuration: &Configuration, instance: &InstanceConfig) -> Vec<StartError> {
    let manifest = configuration.manifest_of(instance).into_iter();
    let mut errors: Vec<_> = manifest
        .flat_map(|manifest| unknown_hooks(instance, manifest))
        .collect();
    let mut alone = instance.clone();
    if !errors.is_empty() {
        // The rest of the entry is tried all the same.
        alone.hooks = None;
    }
    let limits = configuration.settings.limits.clone();
    match Dispatcher::start(&configuration.kinds, &[alone], true, limits).await {
        Ok(dispatcher) => dispatcher.shutdown().await,
        Err(error) => errors.push(error),
    }
    errors
}

/// What in an entry keeps hosts from calling the plugin, or from calling it when it was meant.
pub(super) fn entries(configuration: &Configuration, findings: &mut Findings) {
    for instance in &configuration.instances {
        let mut warn = |key: &str, message: &str| {
            let text = configuration.located(instance, key, message);
            findings.warnings.push(text);
        };
        if instance.hooks.as_ref().is_some_and(Vec::is_empty) {
            warn(
                "hooks",
                "an empty list: hosts never call the plugin; leave the key out for all that it has",
            );
        }
        if instance.disabled {
            warn(
                "mode",
                "disabled here is taken over by gateways over gRPC and MCP: they never call the plugin, unless their own \
                 entry has another mode",
            );
        }
        if has_pattern(instance) {
            warn(
                "conditions",
                "user_patterns are no patterns: a gateway looks for them in the user as they are written, so leave out ^, $ \
                 and .*",
            );
        }
    }
}

/// Whether a condition has what looks like a regular expression for users.
fn has_pattern(instance: &InstanceConfig) -> bool {
    let conditions = instance.reported.get("conditions").and_then(Value::as_array);
    let patterns = conditions
        .into_iter()
        .flatten()
        .filter_map(|condition| condition.get("user_patterns")?.as_array())
        .flatten()
        .filter_map(Value::as_str);
    patterns
        .into_iter()
        .any(|pattern| pattern.starts_with('^') || pattern.ends_with('$') || pattern.contains(".*"))
}
