//! Threads for hooks that block, and for hooks that are not known yet to do without.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::conduct::Conduct;
use crate::limits::Limits;

/// The threads that calls of hooks may hold. A waiting call leaves the queue when it is dropped.
#[derive(Clone)]
pub(crate) struct Threads {
    /// Calls of blocking hooks that run or wait.
    calls: Arc<Semaphore>,
    /// Threads for them.
    threads: Arc<Semaphore>,
}

/// As many calls of blocking hooks run or wait as may.
pub(crate) struct TooMany;

/// The right to hold one thread.
pub(crate) type Permit = OwnedSemaphorePermit;

/// How long a hook that is not known to block waits for one of its own threads before it takes another.
const PATIENCE: Duration = Duration::from_millis(50);

impl Threads {
    pub(crate) fn of_limits(limits: &Limits) -> Self {
        let of = |count: usize| Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)));
        Self {
            calls: of(limits.max_blocking_calls),
            threads: of(limits.blocking_threads),
        }
    }

    /// Waits for a thread for a poll of a hook. `counted` is the place of the call among those of blocking hooks, for as long as the
    /// call lasts.
    pub(crate) async fn permit(
        &self,
        conduct: &Conduct,
        counted: &mut Option<Permit>,
    ) -> Result<Permit, TooMany> {
        loop {
            let blocks = conduct.blocks();
            if !blocks
                && let Ok(Ok(turn)) = timeout(PATIENCE, Arc::clone(conduct.turns()).acquire_owned()).await
            {
                return Ok(turn);
            }
            if counted.is_none() {
                *counted = Arc::clone(&self.calls).try_acquire_owned().ok();
            }
            if counted.is_some() {
                return Arc::clone(&self.threads)
                    .acquire_owned()
                    .await
                    .map_err(|_| TooMany);
            }
            if blocks {
                return Err(TooMany);
            }
        }
    }
}
