//! The pauses between attempts.

use std::time::Duration;

use super::config::target::Reconnect;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Pauses that double, each drawn from between a half and the whole of it, so that many clients of a server that comes back
/// do not all connect at the same moment.
#[derive(Debug)]
pub(super) struct Backoff {
    attempts_left: u32,
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(super) fn new(reconnect: &Reconnect, longest: Duration) -> Self {
        let longest = longest.min(A_DAY);
        Self {
            attempts_left: reconnect.attempts,
            next: reconnect.delay.min(longest),
            longest,
        }
    }

    /// The pause before the next attempt, or `None` when there were enough.
    pub(super) fn next(&mut self) -> Option<Duration> {
        self.attempts_left = self.attempts_left.checked_sub(1)?;
        let pause = self.next.mul_f64(0.5 + 0.5 * fastrand::f64());
        self.next = self.next.saturating_mul(2).min(self.longest);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_end() {
        let reconnect = Reconnect {
            attempts: 6,
            delay: Duration::from_millis(100),
        };
        let mut backoff = Backoff::new(&reconnect, Duration::from_millis(500));
        for whole in [100, 200, 400, 500, 500, 500] {
            let pause = backoff.next().unwrap();
            let whole = Duration::from_millis(whole);
            assert!((whole / 2..=whole).contains(&pause), "{pause:?} of {whole:?}");
        }
        assert_eq!(backoff.next(), None);
    }

    #[test]
    fn pauses_of_several_clients_differ() {
        let reconnect = Reconnect {
            attempts: 1,
            delay: Duration::from_secs(1),
        };
        let pauses: std::collections::BTreeSet<_> = (0..20)
            .filter_map(|_| Backoff::new(&reconnect, Duration::from_secs(9)).next())
            .collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }
}
