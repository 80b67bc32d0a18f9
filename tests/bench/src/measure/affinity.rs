//! Which cores a thread, and the processes that it starts, may run on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::Result;

/// Where the server and its client run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Both on one core. A call costs what both of them compute, and nothing waits for another core to wake up.
    SameCore,
    /// Each on a core of its own.
    CrossCore,
}

impl Placement {
    pub(crate) const SERVER: usize = 0;

    /// The core of the client.
    pub(crate) fn client(self) -> usize {
        match self {
            Self::SameCore => Self::SERVER,
            Self::CrossCore => Self::SERVER + 1,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SameCore => "one core",
            Self::CrossCore => "two cores",
        }
    }
}

/// Does something while this thread runs on one core, as do the threads and processes that it starts meanwhile.
pub(crate) fn on_core<T>(core: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = sched_getaffinity(None)?;
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores)
        .map_err(|error| format!("core {core} can't be used: {error}; two cores are needed, 0 and 1"))?;
    let done = work();
    sched_setaffinity(None, &before)?;
    done
}
