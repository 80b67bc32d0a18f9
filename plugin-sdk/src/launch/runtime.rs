//! The async runtime of the process.

use std::num::NonZero;

use tokio::runtime::{Builder, Runtime};

use crate::limits::Limits;

/// Makes the runtime.
pub(crate) fn runtime(limits: &Limits) -> Result<Runtime, String> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread()
        // One thread is always kept free of author code, so that with as many as there are cores a hook would have to
        // make room for itself whenever all of them are busy.
        .worker_threads(cores + 1)
        .max_blocking_threads(limits.blocking_threads)
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))
}
