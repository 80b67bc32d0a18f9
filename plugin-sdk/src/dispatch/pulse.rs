//! Notices when the whole process stood still.
//!
//! A host that waits for an answer gives up after a while, whether the server was slow or did not run at all: stopped, starved,
//! or paused with its machine. The deadline of a call begins when its request is read, so after a pause requests are read that
//! nobody waits for any more, and their answers would be taken for those to later ones.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Beats as long as the process runs.
pub(crate) struct Pulse {
    start: Instant,
    /// Milliseconds from `start` to the last beat, and to the end of the last pause.
    last_beat: AtomicU64,
    pause_end: AtomicU64,
}

/// In milliseconds. A shorter pause is not told from a busy machine.
const SHORTEST_PAUSE: u64 = 1000;

impl Default for Pulse {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            last_beat: AtomicU64::new(0),
            pause_end: AtomicU64::new(0),
        }
    }
}

impl Pulse {
    /// To be called many times a second. A gap is a pause.
    pub(crate) fn beat(&self) {
        let now = self.now();
        let last = self.last_beat.load(Ordering::Relaxed);
        if now.saturating_sub(last) > SHORTEST_PAUSE {
            // Before the beat: who sees the beat must see the pause.
            self.pause_end.store(now, Ordering::Release);
        }
        self.last_beat.store(now, Ordering::Release);
    }

    /// Whether there was a pause between `moment` and `now`, or there is one that has not been noticed yet.
    pub(crate) fn paused_since(&self, moment: Instant, now: Instant) -> bool {
        let since_start = |moment: Instant| milliseconds(moment.saturating_duration_since(self.start));
        let unnoticed = since_start(now).saturating_sub(self.last_beat.load(Ordering::Acquire));
        self.pause_end.load(Ordering::Acquire) > since_start(moment) || unnoticed > SHORTEST_PAUSE
    }

    fn now(&self) -> u64 {
        milliseconds(self.start.elapsed())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
