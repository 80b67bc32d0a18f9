//! The async runtime of the process.

use std::num::NonZero;

use tokio::runtime::{Builder, Runtime};

use super::configuration::Configuration;
use crate::dispatch;

/// Threads beyond those for hooks: files, names of hosts, and what authors run with `spawn_blocking`.
const OTHER_THREADS: usize = 64;

/// Makes the runtime.
pub(crate) fn runtime(configuration: &Configuration) -> Result<Runtime, String> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    // Threads are made when they are needed.
    let hooks = dispatch::most_threads(&configuration.kinds, &configuration.instances);
    let blocking_threads = configuration.settings.limits.blocking_threads;
    Builder::new_multi_thread()
        // One thread is always kept free of author code, so that with as many as there are cores a hook would have to
        // move to another thread whenever all of them are busy.
        .worker_threads(cores + 1)
        .max_blocking_threads(blocking_threads + hooks + OTHER_THREADS)
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))
}
