//! The end of the plugins.

use std::sync::Arc;

use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{Dispatcher, guard};

impl Dispatcher {
    /// Calls the shutdown of every plugin, within the time that there is for draining.
    pub(crate) async fn shutdown(&self) {
        self.shutdown_until(Instant::now() + self.limits.time_to_stop())
            .await;
    }

    /// Calls the shutdown of every plugin, all at once. One that goes on after `until` is not waited for.
    pub(crate) async fn shutdown_until(&self, until: Instant) {
        let mut running = JoinSet::new();
        let mut names = Vec::new();
        for instance in self.instances.iter() {
            let Some(plugin) = instance.plugin().cloned() else {
                continue;
            };
            let name = Arc::clone(&instance.name);
            names.push(Arc::clone(&name));
            // A task for each: one that blocks its thread holds up no other.
            running.spawn(async move { (name, guard::no_panic(plugin.shutdown()).await) });
        }
        while let Ok(Some(ended)) = timeout_at(until, running.join_next()).await {
            let Ok((name, outcome)) = ended else { continue };
            names.retain(|running| *running != name);
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(plugin_name = &*name, "shutdown failed: {error}"),
                Err(panic) => {
                    tracing::error!(plugin_name = &*name, "shutdown {panic}");
                    tracing::debug!(plugin_name = &*name, "the panic says: {}", panic.text());
                }
            }
        }
        for name in names {
            tracing::error!(
                plugin_name = &*name,
                "shutdown goes on after the {} s for stopping (PLUGINS_DRAIN_TIMEOUT) and is not waited for",
                self.limits.drain_timeout.as_secs_f64()
            );
        }
    }
}
