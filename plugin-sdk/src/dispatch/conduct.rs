//! How a hook treats the thread that it runs on.

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::sync::Semaphore;

/// What is known of a hook, from its author and from its calls.
pub(crate) struct Conduct {
    /// Its author says that it blocks its thread.
    declared: bool,
    /// How often it was seen blocking its thread although its author does not say so.
    seen: AtomicU32,
    /// Polls in a row that gave the thread back soon.
    quick: AtomicU32,
    /// The threads for its calls as long as it is not known to block.
    turns: Arc<Semaphore>,
}

/// A hook that was seen this often counts as one that blocks: once may have been a huge payload, or a busy machine.
const BLOCKS: u32 = 3;

/// A hook that gave its thread back soon this often in a row runs on the task of its connection.
const TRUSTED: u32 = 1000;

/// A poll that takes longer than this does not give its thread back soon.
const SOON: Duration = Duration::from_millis(50);

/// Threads for the calls of one hook that is not known to block.
pub(crate) fn turns() -> usize {
    // As many as there would be on the threads of the runtime.
    std::thread::available_parallelism().map_or(1, NonZero::get) + 1
}

impl Conduct {
    pub(crate) fn of(declared: bool) -> Self {
        Self {
            declared,
            seen: AtomicU32::new(0),
            quick: AtomicU32::new(0),
            turns: Arc::new(Semaphore::new(turns())),
        }
    }

    /// Whether the hook runs on a thread for hooks that block.
    pub(crate) fn blocks(&self) -> bool {
        self.declared || self.seen.load(Ordering::Relaxed) >= BLOCKS
    }

    /// Whether the hook may run on the task of its connection.
    pub(crate) fn is_trusted(&self) -> bool {
        self.quick.load(Ordering::Relaxed) >= TRUSTED && !self.blocks()
    }

    /// There is no other thread to try the hook on.
    pub(crate) fn trust(&self) {
        self.quick.store(TRUSTED, Ordering::Relaxed);
    }

    /// Notes how long a poll on another thread took.
    pub(crate) fn note(&self, held: Duration) {
        if held < SOON {
            self.quick.fetch_add(1, Ordering::Relaxed);
        } else {
            self.quick.store(0, Ordering::Relaxed);
        }
    }

    /// Notes that the hook blocks its thread. Returns whether this is the first time.
    pub(crate) fn note_blocking(&self) -> bool {
        self.quick.store(0, Ordering::Relaxed);
        self.seen.fetch_add(1, Ordering::Relaxed) == 0
    }

    pub(crate) fn turns(&self) -> &Arc<Semaphore> {
        &self.turns
    }
}
