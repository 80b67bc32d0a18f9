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
    /// Milliseconds from `start` to the end of the last stall, and its length.
    stall_end: AtomicU64,
    stall: AtomicU64,
}

/// In milliseconds. A shorter pause is not told from a busy machine.
const SHORTEST_PAUSE: u64 = 1000;
/// In milliseconds. A longer gap between two beats is a stall: a pause, or a machine that is too busy to let the process run.
const SHORTEST_STALL: u64 = 60;
/// In milliseconds. Requests that came during a stall are read by this time after it.
const AFTER_STALL: u64 = 1000;

impl Default for Pulse {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            last_beat: AtomicU64::new(0),
            pause_end: AtomicU64::new(0),
            stall_end: AtomicU64::new(0),
            stall: AtomicU64::new(0),
        }
    }
}

impl Pulse {
    /// To be called many times a second. A gap is a pause.
    pub(crate) fn beat(&self) {
        self.beat_at(self.now());
    }

    fn beat_at(&self, now: u64) {
        let gap = now.saturating_sub(self.last_beat.load(Ordering::Relaxed));
        // Before the beat: who sees the beat must see the pause.
        if gap > SHORTEST_PAUSE {
            self.pause_end.store(now, Ordering::Release);
        }
        if gap > SHORTEST_STALL {
            let (end, longest) = (
                self.stall_end.load(Ordering::Relaxed),
                self.stall.load(Ordering::Relaxed),
            );
            // Requests of a longer one may not have been read yet, for which this one leaves less time.
            if longest > gap && end + AFTER_STALL > now - gap {
                self.stall_end.store(end + gap, Ordering::Release);
            } else {
                self.stall.store(gap, Ordering::Relaxed);
                self.stall_end.store(now, Ordering::Release);
            }
        }
        self.last_beat.store(now, Ordering::Release);
    }

    /// Whether there was a pause between `moment` and `now`, or there is one that has not been noticed yet.
    pub(crate) fn paused_since(&self, moment: Instant, now: Instant) -> bool {
        let since_start = |moment: Instant| milliseconds(moment.saturating_duration_since(self.start));
        let unnoticed = since_start(now).saturating_sub(self.last_beat.load(Ordering::Acquire));
        self.pause_end.load(Ordering::Acquire) > since_start(moment) || unnoticed > SHORTEST_PAUSE
    }

    /// How long a request that is read `now` may have waited for the process to run.
    pub(crate) fn stalled(&self, now: Instant) -> Duration {
        let now = milliseconds(now.saturating_duration_since(self.start));
        let unnoticed = now.saturating_sub(self.last_beat.load(Ordering::Acquire));
        let is_recent = self.stall_end.load(Ordering::Acquire) + AFTER_STALL > now;
        let noticed = self.stall.load(Ordering::Relaxed);
        let longest = match (unnoticed > SHORTEST_STALL, is_recent && noticed > 0) {
            (true, true) => unnoticed.max(noticed),
            (true, false) => unnoticed,
            (false, true) => noticed,
            (false, false) => 0,
        };
        Duration::from_millis(longest)
    }

    fn now(&self) -> u64 {
        milliseconds(self.start.elapsed())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_counts_while_it_lasts_and_shortly_after() {
        let pulse = Pulse::default();
        let after = |milliseconds| pulse.start + Duration::from_millis(milliseconds);
        assert_eq!(pulse.stalled(after(40)), Duration::ZERO);
        assert_eq!(pulse.stalled(after(300)), Duration::from_millis(300));
        pulse.stall.store(300, Ordering::Relaxed);
        pulse.stall_end.store(300, Ordering::Relaxed);
        pulse.last_beat.store(300, Ordering::Relaxed);
        assert_eq!(pulse.stalled(after(310)), Duration::from_millis(300));
        pulse.last_beat.store(1290, Ordering::Relaxed);
        assert_eq!(pulse.stalled(after(1299)), Duration::from_millis(300));
        pulse.last_beat.store(1300, Ordering::Relaxed);
        assert_eq!(pulse.stalled(after(1301)), Duration::ZERO);
    }

    #[test]
    fn a_short_stall_hides_no_longer_one_before_it() {
        let pulse = Pulse::default();
        let stalled = |now: u64| {
            pulse
                .stalled(pulse.start + Duration::from_millis(now))
                .as_millis()
        };
        pulse.beat_at(900);
        pulse.beat_at(970);
        assert_eq!(stalled(975), 900);
        for now in (1000..=2000).step_by(50) {
            pulse.beat_at(now);
        }
        assert_eq!(stalled(1960), 900);
        assert_eq!(stalled(2000), 0);
        pulse.beat_at(2070);
        assert_eq!(stalled(2071), 70);
    }
}
