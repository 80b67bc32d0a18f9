//! The one way into author code: finds the instance, decodes the payload, runs the hook, encodes the result.

mod answer;
mod conduct;
mod counts;
pub(crate) mod guard;
mod instance;
mod occupancy;
mod older_hosts;
mod pulse;
mod respond;
mod run;
mod shutdown;
mod start_error;
mod threads;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use tokio::time::Instant;

pub(crate) use answer::AnswerLimit;
#[cfg(feature = "cli")]
pub(crate) use instance::unknown_hooks;
pub(crate) use instance::{InstanceConfig, Reported};
pub use start_error::StartError;

use answer::Answer;
use instance::{Instance, InstanceHook};
use occupancy::{HookId, Occupancy};
use run::{Ended, Running};
use threads::Threads;

use crate::{
    codec::{CodecError, Encoding, nesting::Nesting, text::Text},
    context::PluginContext,
    limits::Limits,
    manifest::Manifest,
    plugin::{Call, Plugin, PluginKind, call::Outcome},
    protocol::{error::ReportedError, request::InvokeHookRequest, response::WrittenResult},
    repeated::limited,
    value::read_lenient,
};

/// All instances of a process, and the only way to call them.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    instances: Arc<[Instance]>,
    by_name: HashMap<String, usize>,
    /// The first instance of each name in lower case.
    by_lower_case_name: HashMap<String, usize>,
    occupancy: Arc<Occupancy>,
    threads: Threads,
    limits: Limits,
    nesting: Nesting,
}

/// Threads that hooks which are not known to block may hold in addition to those for hooks that block.
#[cfg(feature = "cli")]
pub(crate) fn most_threads(kinds: &[PluginKind], instances: &[InstanceConfig]) -> usize {
    let hooks = |instance: &InstanceConfig| {
        let kind = kinds.iter().find(|kind| kind.manifest.kind == instance.kind);
        kind.map_or(0, |kind| kind.manifest.hooks.len())
    };
    instances.iter().map(hooks).sum::<usize>() * conduct::turns()
}

/// Number of instances that are compared by name before the name is looked up.
const COMPARED: usize = 4;

impl Dispatcher {
    /// Starts every instance. With `fail_on_plugin_error` one that can't start is an error; without, it is reported to hosts
    /// but can't be called.
    pub(crate) async fn start(
        kinds: &[PluginKind],
        configs: &[InstanceConfig],
        fail_on_plugin_error: bool,
        limits: Limits,
    ) -> Result<Self, StartError> {
        let mut instances: Vec<Instance> = Vec::with_capacity(configs.len());
        let mut names = HashSet::new();
        for config in configs {
            if !names.insert(config.name.as_str()) {
                return Err(StartError::new(&config.name, "two plugins have this name").with_key("name"));
            }
            match instance::start(kinds, config).await {
                Ok(instance) => instances.push(instance),
                Err(error) if fail_on_plugin_error => {
                    // Those that did start get to end.
                    Self::of_instances(instances, limits).shutdown().await;
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(
                        "{error}; the server starts without it (PLUGINS_FAIL_ON_PLUGIN_ERROR=false)"
                    );
                    instances.push(Instance::missing(config));
                }
            }
        }
        Ok(Self::of_instances(instances, limits))
    }

    /// The dispatcher of one plugin that its author made.
    pub(crate) fn of_plugin<P: Plugin>(plugin: P) -> Self {
        Self::of_erased(&P::manifest(), Arc::new(plugin))
    }

    fn of_erased(manifest: &Manifest, plugin: Arc<dyn crate::plugin::ErasedPlugin>) -> Self {
        let instance = Instance::new(&InstanceConfig::of_manifest(manifest), manifest, Some(plugin));
        Self::of_instances(vec![instance], Limits::default())
    }

    fn of_instances(instances: Vec<Instance>, limits: Limits) -> Self {
        let by_name = instances
            .iter()
            .enumerate()
            .map(|(at, it)| (it.name.to_string(), at))
            .collect();
        let mut by_lower_case_name = HashMap::new();
        for (at, instance) in instances.iter().enumerate() {
            by_lower_case_name
                .entry(instance.name.to_lowercase())
                .or_insert(at);
        }
        let instances: Arc<[Instance]> = instances.into();
        let occupancy = Arc::<Occupancy>::default();
        occupancy::watch(&occupancy, &instances);
        let nesting = limits.nesting();
        Self {
            instances,
            by_name,
            by_lower_case_name,
            occupancy,
            threads: Threads::of_limits(&limits),
            limits,
            nesting,
        }
    }

    pub(crate) fn with_limits(mut self, limits: Limits) -> Self {
        self.nesting = limits.nesting();
        self.threads = Threads::of_limits(&limits);
        self.limits = limits;
        self
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the process stood still between `moment` and `now`, so that who waited then may have given up.
    pub(crate) fn paused_since(&self, moment: Instant, now: Instant) -> bool {
        self.occupancy
            .pulse
            .paused_since(moment.into_std(), now.into_std())
    }

    /// How long a request that is read `now` may have waited because the process did not run.
    pub(crate) fn stalled(&self, now: Instant) -> std::time::Duration {
        self.occupancy.pulse.stalled(now.into_std())
    }

    /// What hosts are told about the instance of this name, in whatever letter case.
    pub(crate) fn reported(&self, name: &str) -> Option<&Reported> {
        self.find(name).map(|at| &self.instances[at].reported)
    }

    /// What hosts are told about every instance, in the order of the file.
    pub(crate) fn all_reported(&self) -> impl Iterator<Item = &Reported> {
        self.instances.iter().map(|instance| &instance.reported)
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.by_name
            .get(name)
            .or_else(|| self.by_lower_case_name.get(&name.to_lowercase()))
            .copied()
    }

    /// The instance that a call names, and its place.
    fn called(&self, name: &Text) -> Option<(usize, &Instance)> {
        // Few names are compared sooner than one is hashed: 3 % of the instructions of a small call that is let pass.
        let mut first = self.instances.iter().take(COMPARED).enumerate();
        let found = first.find(|(_, instance)| instance.name.as_bytes() == name.as_bytes());
        found.or_else(|| {
            let at = self.find(name.as_str())?;
            Some((at, &self.instances[at]))
        })
    }

    async fn invoke(&self, request: InvokeHookRequest) -> Answer<'_> {
        let started = Instant::now();
        let (plugin_name, hook_type) = (&request.plugin_name, &request.hook_type);
        let Some((id, instance)) = self.called(plugin_name) else {
            return ReportedError::not_found(plugin_name.as_str(), hook_type.as_str()).into();
        };
        let Some((place, plugin, hook)) = instance.hook(hook_type.as_bytes()) else {
            return ReportedError::not_found(&instance.name, hook_type.as_str()).into();
        };
        let context = match self.context(request.encoding, request.context) {
            Ok(mut context) => {
                context.set_plugin(Arc::clone(&instance.name));
                context
            }
            Err(error) => return ReportedError::context(&instance.name, &error).into(),
        };
        let encoding = request.encoding;
        let call = Call::new(encoding, request.payload, self.nesting, context);
        let deadline = started + self.limits.call_timeout;
        let running = Running {
            occupancy: &self.occupancy,
            threads: &self.threads,
            instance,
            plugin,
            hook,
            id: HookId {
                instance: id,
                hook: place,
            },
        };
        let unfinished = hook.counts.unfinished();
        let ended = running.to_end(call, deadline).await;
        unfinished.end();
        self.answer(instance, hook, ended, encoding)
    }

    fn context(&self, encoding: Encoding, raw: Bytes) -> Result<PluginContext, CodecError> {
        match encoding {
            Encoding::Protobuf => PluginContext::of_wire(raw, self.nesting),
            Encoding::Json => {
                let levels = self.nesting.json;
                if let Some(context) = PluginContext::of_checked_json(&raw, self.nesting) {
                    return Ok(context);
                }
                read_lenient(&raw, levels.in_context(), |text| {
                    PluginContext::of_json(text, levels)
                })
            }
        }
    }

    fn answer<'a>(
        &self,
        instance: &Instance,
        hook: &'a InstanceHook,
        ended: Ended,
        encoding: Encoding,
    ) -> Answer<'a> {
        let (counts, failures) = (&hook.counts, &hook.failures);
        let (name, hook) = (&*instance.name, hook.name.as_str());
        let error = match ended {
            Ended::Returned(call) => match call.into_parts() {
                (
                    Some(Outcome::Result {
                        effect,
                        denial_metadata,
                        bare_denial,
                    }),
                    context,
                    written,
                ) => {
                    let context = context.is_changed().then(|| Box::new(context));
                    return Answer {
                        outcome: Ok(WrittenResult {
                            result: written,
                            denial_metadata,
                            context,
                        }),
                        bare_denial,
                        counted: Some((counts, effect)),
                    };
                }
                // The request is at fault, whatever the operator wants done about errors of the plugin.
                (Some(Outcome::Payload(error)), ..) => {
                    counts.error();
                    return ReportedError::payload(name, hook, &error).into();
                }
                (outcome, ..) => {
                    counts.error();
                    match outcome {
                        Some(Outcome::Error(error)) => ReportedError::of_plugin(name, &error),
                        Some(Outcome::Unsendable(error)) => ReportedError::unsendable(name, hook, &error),
                        _ => ReportedError::not_found(name, hook),
                    }
                }
            },
            Ended::Panicked(panic) => {
                counts.panic();
                limited!(error, kind: "panics of hooks"; plugin_name = name, hook_type = hook, "the hook {hook} of {name} {panic}");
                tracing::debug!(
                    plugin_name = name,
                    hook_type = hook,
                    "the panic of {hook} says: {}",
                    panic.text()
                );
                ReportedError::panic(name, hook)
            }
            Ended::TimedOut => {
                counts.timeout();
                ReportedError::timeout(name, self.limits.call_timeout)
            }
            Ended::Refused => {
                counts.refused();
                ReportedError::too_many_blocking(name, hook, self.limits.max_blocking_calls)
            }
        };
        if failures.may_log() {
            tracing::warn!(
                plugin_name = name,
                hook_type = hook,
                code = error.code,
                ignored = instance.ignore_errors,
                "{}",
                error.message
            );
        }
        if instance.ignore_errors {
            Answer::allow(encoding, self.nesting)
        } else {
            error.into()
        }
    }
}
