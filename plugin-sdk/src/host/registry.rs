//! The plugins of a host, by name and by hook.

use std::{collections::HashMap, future::poll_fn, sync::Arc, task::Poll};

use super::{
    config::GatewayConfig, error::HostError, external::ExternalPlugin, hosted::HostedPlugin,
    settings::HostSettings,
};
use crate::manifest::Mode;

/// The plugins of a host. Whatever they are and wherever they run, they are found by name, and by hook in the order in which
/// hosts run them.
#[derive(Clone, Default)]
pub struct PluginRegistry {
    plugins: Vec<Arc<dyn HostedPlugin>>,
    by_name: HashMap<String, usize>,
    by_hook: HashMap<String, Vec<usize>>,
    failures: Vec<HostError>,
}

impl PluginRegistry {
    /// A registry without plugins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plugin, in the place of one that has the same name.
    pub fn insert(&mut self, plugin: impl HostedPlugin + 'static) {
        let plugin: Arc<dyn HostedPlugin> = Arc::new(plugin);
        if let Some(at) = self.by_name.get(plugin.config().name()) {
            self.plugins[*at] = plugin;
        } else {
            self.by_name
                .insert(plugin.config().name().to_owned(), self.plugins.len());
            self.plugins.push(plugin);
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.by_hook.clear();
        let mut order: Vec<usize> = (0..self.plugins.len()).collect();
        // Stable: of two with the same priority the first one runs first.
        order.sort_by_key(|at| {
            let config = self.plugins[*at].config();
            (config.mode(), config.priority())
        });
        for at in order {
            let config = self.plugins[at].config();
            if config.mode() == Mode::Disabled {
                continue;
            }
            for hook in config.hooks() {
                let plugins = self.by_hook.entry(hook.to_owned()).or_default();
                if !plugins.contains(&at) {
                    plugins.push(at);
                }
            }
        }
    }

    /// Notes a plugin that can't be used.
    pub(super) fn fail(&mut self, error: HostError) {
        self.failures.push(error);
    }

    /// Why plugins of the gateway's file are not here.
    pub fn failures(&self) -> &[HostError] {
        &self.failures
    }

    /// The plugin of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn HostedPlugin>> {
        self.by_name.get(name).map(|at| &self.plugins[*at])
    }

    /// All plugins, in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<dyn HostedPlugin>> {
        self.plugins.iter()
    }

    /// Closes all plugins, at the same time.
    pub async fn close(&self) {
        let mut closing: Vec<_> = self.plugins.iter().map(HostedPlugin::close).collect();
        poll_fn(|context| {
            closing.retain_mut(|plugin| plugin.as_mut().poll(context).is_pending());
            if closing.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// The plugins that have a hook, in the order in which hosts run them: by mode (sequential, transform, audit, concurrent, fire
    /// and forget), and in each by priority, the lowest number first. Disabled ones are not among them.
    pub fn of_hook(&self, hook: &str) -> impl ExactSizeIterator<Item = &Arc<dyn HostedPlugin>> {
        let plugins = self.by_hook.get(hook).map(Vec::as_slice).unwrap_or_default();
        plugins.iter().map(|at| &self.plugins[*at])
    }
}

impl GatewayConfig {
    /// Connects to every external plugin that is not disabled. One that can't be used is logged, and left out; the registry
    /// [says so](PluginRegistry::failures).
    ///
    /// # Errors
    ///
    /// With `PLUGINS_FAIL_ON_PLUGIN_ERROR=true` the first plugin that can't be used is an error.
    pub async fn connect(&self, settings: &HostSettings) -> Result<PluginRegistry, HostError> {
        let enabled = self
            .external()
            .filter(|entry| entry.local().mode() != Mode::Disabled);
        let connecting: Vec<_> = enabled
            .map(|entry| {
                let (entry, settings) = (entry.clone(), settings.clone());
                tokio::spawn(async move { ExternalPlugin::connect(entry, &settings).await })
            })
            .map(AbortOnDrop)
            .collect();
        let mut registry = PluginRegistry::new();
        for mut plugin in connecting {
            match (&mut plugin.0).await {
                Ok(Ok(plugin)) => registry.insert(plugin),
                Ok(Err(error)) if self.fail_on_plugin_error => return Err(error),
                Ok(Err(error)) => {
                    tracing::error!("{error}; the plugin is left out (PLUGINS_FAIL_ON_PLUGIN_ERROR=false)");
                    registry.fail(error);
                }
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // A runtime that shuts down takes its tasks with it.
                    Err(error) => tracing::error!(%error, "connecting was aborted"),
                },
            }
        }
        Ok(registry)
    }
}

/// A task that ends when its caller does.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
