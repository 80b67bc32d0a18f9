//! One limit: who made how many calls of late.

use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
    middleware::StateInformationMiddleware,
};
use plugin_sdk::prelude::*;

use crate::{
    settings::{LimitSettings, Part},
    store::{BoundedStore, Caller},
};

/// A full store is searched for callers to forget at most this often.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// The longest that a used up limit may take to be whole again: a year.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A limit at work. Tests bring their own clock.
pub(crate) struct Limit<C: Clock = DefaultClock> {
    settings: LimitSettings,
    limiter: RateLimiter<Caller, BoundedStore, C, StateInformationMiddleware>,
    clock: C,
    max_callers: usize,
    last_sweep: Mutex<C::Instant>,
    seeds: [RandomState; 2],
}

/// What a limit says to a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The call may go on; so many more may follow at once.
    Pass { remaining: u32 },
    /// The call must wait.
    Wait(Duration),
}

impl<C: Clock + Clone> Limit<C> {
    pub(crate) fn new(settings: LimitSettings, max_callers: usize, clock: C) -> Result<Self, String> {
        let quota = quota(&settings)?;
        Ok(Self {
            limiter: RateLimiter::new(quota, BoundedStore::new(max_callers), clock.clone()),
            last_sweep: Mutex::new(clock.now()),
            clock,
            max_callers,
            seeds: [RandomState::new(), RandomState::new()],
            settings,
        })
    }

    pub(crate) fn settings(&self) -> &LimitSettings {
        &self.settings
    }

    /// Counts a call, if it is one that the limit is about.
    pub(crate) fn check(&self, target: &str, context: &PluginContext) -> Option<Verdict> {
        if let Some(targets) = &self.settings.targets
            && !targets.iter().any(|name| name == target)
        {
            return None;
        }
        self.sweep();
        let checked = self.limiter.check_key(&self.caller(target, context));
        Some(match checked {
            Ok(state) => Verdict::Pass {
                remaining: state.remaining_burst_capacity(),
            },
            Err(until) => Verdict::Wait(until.wait_time_from(self.clock.now())),
        })
    }

    fn caller(&self, target: &str, context: &PluginContext) -> Caller {
        let global = context.global_context();
        let parts: Vec<Option<&str>> = self
            .settings
            .per
            .iter()
            .map(|part| match part {
                Part::User => global.user_email(),
                Part::Tenant => global.tenant_id(),
                Part::Server => global.server_id(),
                Part::Target => Some(target),
            })
            .collect();
        [self.seeds[0].hash_one(&parts), self.seeds[1].hash_one(&parts)]
    }

    /// Makes room in a full store: forgets the callers whose count is as good as new.
    fn sweep(&self) {
        if self.limiter.len() < self.max_callers {
            return;
        }
        let now = self.clock.now();
        let mut last = self.last_sweep.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(*last) >= SWEEP_EVERY.into() {
            *last = now;
            self.limiter.retain_recent();
        }
    }
}

fn quota(settings: &LimitSettings) -> Result<Quota, String> {
    let LimitSettings { calls, seconds, .. } = settings;
    let period = Duration::from_secs(seconds.get().into()) / calls.get();
    let burst: NonZeroU32 = settings.burst.unwrap_or(*calls);
    let quota = Quota::with_period(period)
        .ok_or_else(|| format!("{calls} calls in {seconds} seconds is more than can be counted"))?;
    // The limiter's clock counts nanoseconds in 64 bits.
    if period
        .checked_mul(burst.get())
        .is_none_or(|whole| whole > LONGEST)
    {
        return Err(format!(
            "a burst of {burst} at {calls} calls in {seconds} seconds takes more than a year to come back: write less"
        ));
    }
    Ok(quota.allow_burst(burst))
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const PASSED: [Verdict; 3] = [
        Verdict::Pass { remaining: 2 },
        Verdict::Pass { remaining: 1 },
        Verdict::Pass { remaining: 0 },
    ];

    /// Three calls at once, then one every ten seconds.
    fn limit(per: &[Part], max_callers: usize) -> (Limit<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let settings = LimitSettings {
            per: per.to_vec(),
            calls: 6.try_into().unwrap(),
            seconds: 60.try_into().unwrap(),
            burst: NonZeroU32::new(3),
            targets: None,
        };
        (Limit::new(settings, max_callers, clock.clone()).unwrap(), clock)
    }

    fn user(name: &str) -> PluginContext {
        PluginContext::new("test").with_global_context(|global| global.with_user(name))
    }

    fn call(limit: &Limit<FakeRelativeClock>, target: &str, name: &str) -> Verdict {
        limit.check(target, &user(name)).unwrap()
    }

    #[test]
    fn a_call_too_many_waits_until_the_next_is_due() {
        let (limit, clock) = limit(&[Part::User], 10);
        assert_eq!([(); 3].map(|()| call(&limit, "t", "alice")), PASSED);
        assert_eq!(call(&limit, "t", "alice"), Verdict::Wait(Duration::from_secs(10)));
        clock.advance(Duration::from_secs(4));
        assert_eq!(call(&limit, "t", "alice"), Verdict::Wait(Duration::from_secs(6)));
        clock.advance(Duration::from_secs(6));
        assert_eq!(call(&limit, "t", "alice"), Verdict::Pass { remaining: 0 });
    }

    #[test]
    fn callers_are_told_apart_by_what_the_limit_says() {
        let (users, _) = limit(&[Part::User], 10);
        assert_eq!([(); 3].map(|()| call(&users, "t", "alice")), PASSED);
        assert_eq!(call(&users, "t", "bob"), Verdict::Pass { remaining: 2 });
        assert!(matches!(call(&users, "other", "alice"), Verdict::Wait(_)));

        let (targets, _) = limit(&[Part::User, Part::Target], 10);
        assert_eq!([(); 3].map(|()| call(&targets, "t", "alice")), PASSED);
        assert_eq!(call(&targets, "other", "alice"), Verdict::Pass { remaining: 2 });

        let (everybody, _) = limit(&[], 10);
        assert_eq!(["a", "b", "c"].map(|name| call(&everybody, "t", name)), PASSED);
        assert!(matches!(call(&everybody, "t", "d"), Verdict::Wait(_)));
    }

    #[test]
    fn more_callers_than_there_is_room_for_share_a_count_until_there_is() {
        let (limit, clock) = limit(&[Part::User], 2);
        for name in ["alice", "bob"] {
            assert_eq!(call(&limit, "t", name), Verdict::Pass { remaining: 2 });
        }
        assert_eq!(["c", "d", "e"].map(|name| call(&limit, "t", name)), PASSED);
        assert!(matches!(call(&limit, "t", "f"), Verdict::Wait(_)));
        assert_eq!(call(&limit, "t", "alice"), Verdict::Pass { remaining: 1 });
        assert_eq!(limit.limiter.len(), 2);
        clock.advance(Duration::from_secs(30));
        assert_eq!(call(&limit, "t", "f"), Verdict::Pass { remaining: 2 });
        assert_eq!(limit.limiter.len(), 1);
    }

    #[test]
    fn a_rate_beyond_the_clock_is_a_mistake() {
        let (limit, _) = limit(&[], 1);
        let cases = [
            (u32::MAX, 1, "more than can be counted"),
            (1, u32::MAX, "more than a year"),
        ];
        for (calls, seconds, expected) in cases {
            let settings = LimitSettings {
                calls: calls.try_into().unwrap(),
                seconds: seconds.try_into().unwrap(),
                ..limit.settings.clone()
            };
            let error = Limit::new(settings, 1, FakeRelativeClock::default())
                .err()
                .unwrap();
            assert!(error.contains(expected), "{error}");
        }
    }
}
