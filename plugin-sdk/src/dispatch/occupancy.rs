//! Which hooks are holding an async thread right now.
//!
//! A hook that is known to give its thread back soon runs on the task of its connection, without a spawn. Two things keep one that
//! blocks after all from stopping others: at most so many hooks hold an async thread at one time that one thread is always free, and
//! a watch on a thread of its own. It names a hook that holds its thread for long in the log and has it treated as a blocking one,
//! and it wakes another async thread when one does not give up its turn: the one that waited for I/O and timers may be the one that is held.

use std::{
    cell::Cell,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::{Handle, RuntimeMetrics};

use super::{
    instance::{Instance, InstanceHook},
    pulse::Pulse,
};

/// A hook that holds its thread for this long blocks it.
pub(crate) const WATCH_INTERVAL: Duration = Duration::from_millis(100);

/// How often the watch looks. An async thread that is held for two looks is missed within 100 ms.
const LOOK: Duration = Duration::from_millis(40);

/// The places for hooks that hold an async thread.
#[derive(Default)]
pub(crate) struct Occupancy {
    /// Known with the first call in a runtime: a service may be made, and called, before that.
    runtime: OnceLock<Places>,
    /// The watch is the one thread that nothing but a pause of the whole process holds up.
    pub(crate) pulse: Pulse,
}

struct Places {
    handle: Handle,
    places: Box<[Place]>,
}

/// One place, on a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Place {
    /// The number of the poll that holds the place, or 0.
    poll: AtomicU64,
    /// Which instance and which of its hooks it is.
    instance: AtomicUsize,
    hook: AtomicUsize,
}

/// Where a hook stands among the instances of the dispatcher.
#[derive(Clone, Copy)]
pub(crate) struct HookId {
    pub(crate) instance: usize,
    pub(crate) hook: usize,
}

thread_local! {
    static NEXT_POLL: Cell<u64> = const { Cell::new(1) };
    static USUAL_PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

impl Occupancy {
    /// `None` where hooks are called without a runtime.
    fn runtime(&self) -> Option<&Places> {
        if let Some(places) = self.runtime.get() {
            return Some(places);
        }
        let handle = Handle::try_current().ok()?;
        Some(self.runtime.get_or_init(|| {
            let threads = handle.metrics().num_workers();
            Places {
                handle,
                // For all async threads but one.
                places: (1..threads.max(2)).map(|_| Place::default()).collect(),
            }
        }))
    }

    /// Whether a hook must have a place to be polled.
    pub(crate) fn keeps_places(&self) -> bool {
        self.runtime().is_some()
    }

    /// Takes a place for one poll of a hook, if one is free.
    pub(crate) fn take(&self, id: HookId) -> Option<Held<'_>> {
        let places = &self.runtime()?.places;
        let count = places.len();
        let usual = USUAL_PLACE.with(|place| *place);
        let number = NEXT_POLL.with(|next| next.replace(next.get() + 1)) << 16 | (usual as u64 & 0xffff);
        (0..count)
            .map(|step| &places[(usual + step) % count])
            .find_map(|place| {
                place
                    .poll
                    .compare_exchange(0, number, Ordering::Acquire, Ordering::Relaxed)
                    .ok()?;
                place.instance.store(id.instance, Ordering::Relaxed);
                place.hook.store(id.hook, Ordering::Relaxed);
                Some(Held(place))
            })
    }
}

/// A place that is taken, until it is dropped.
pub(crate) struct Held<'a>(&'a Place);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.poll.store(0, Ordering::Release);
    }
}

/// Watches the places from a thread of its own, which no hook can block, for as long as the dispatcher lives.
pub(crate) fn watch(occupancy: &Arc<Occupancy>, instances: &Arc<[Instance]>) {
    let (occupancy, instances) = (Arc::downgrade(occupancy), Arc::downgrade(instances));
    let watch = std::thread::Builder::new()
        .name("plugin-watch".into())
        .spawn(move || look(&occupancy, &instances));
    if let Err(error) = watch {
        tracing::warn!(%error, "hooks that block their thread will not be noticed: no thread to watch them");
    }
}

fn look(occupancy: &Weak<Occupancy>, instances: &Weak<[Instance]>) {
    let mut polls: Vec<Seen> = Vec::new();
    let mut workers: Vec<u64> = Vec::new();
    loop {
        std::thread::sleep(LOOK);
        let (Some(occupancy), Some(instances)) = (occupancy.upgrade(), instances.upgrade()) else {
            return;
        };
        occupancy.pulse.beat();
        let Some(Places { handle, places }) = occupancy.runtime.get() else {
            continue;
        };
        polls.resize_with(places.len(), Seen::default);
        for (place, seen) in places.iter().zip(&mut polls) {
            if seen.blocks(place.poll.load(Ordering::Acquire)) {
                let instance = instances.get(place.instance.load(Ordering::Relaxed));
                let hook = place.hook.load(Ordering::Relaxed);
                if let Some((instance, hook)) = instance.and_then(|it| Some((it, it.hooks().get(hook)?))) {
                    report(instance, hook);
                }
            }
        }
        if is_held(&handle.metrics(), &mut workers) {
            // A thread that wakes for this and finds nothing else to do waits for I/O and timers, if no other does.
            handle.spawn(async {});
        }
    }
}

/// The poll that the watch saw in a place.
#[derive(Default)]
struct Seen {
    poll: u64,
    since: Option<Instant>,
}

impl Seen {
    /// Whether the same poll has been in the place for the interval, each time that one is over.
    fn blocks(&mut self, poll: u64) -> bool {
        let now = Instant::now();
        match self.since {
            Some(since) if poll != 0 && poll == self.poll => {
                let blocks = now.duration_since(since) >= WATCH_INTERVAL;
                if blocks {
                    self.since = Some(now);
                }
                blocks
            }
            _ => {
                self.poll = poll;
                self.since = Some(now);
                false
            }
        }
    }
}

/// Whether an async thread has been busy since the last look, without waiting for anything.
fn is_held(runtime: &RuntimeMetrics, last: &mut Vec<u64>) -> bool {
    // It counts up when a thread begins to wait, and when it goes on.
    let now = (0..runtime.num_workers()).map(|worker| runtime.worker_park_unpark_count(worker));
    let now: Vec<u64> = now.collect();
    let mut pairs = now.iter().zip(last.iter());
    let held = now.len() > 1 && pairs.any(|(now, last)| now == last && now % 2 == 0);
    *last = now;
    held
}

/// Notes that a hook blocks its thread, and says so once.
pub(crate) fn report(instance: &Instance, hook: &InstanceHook) {
    if hook.conduct.note_blocking() {
        tracing::warn!(
            plugin_name = &*instance.name,
            hook_type = hook.name,
            "the hook {} of {} blocks its thread for more than {} ms: declare it with `blocking = [{}]` in #[plugin], or \
             move the blocking part into `tokio::task::spawn_blocking`; until then it runs on threads for blocking hooks",
            hook.name,
            instance.name,
            WATCH_INTERVAL.as_millis(),
            hook.name.replace('.', "_"),
        );
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn places_are_counted_in_the_runtime_that_a_hook_is_called_in() {
        let id = HookId { instance: 0, hook: 0 };
        let occupancy = Occupancy::default();
        assert!(occupancy.take(id).is_none(), "nothing is held without a runtime");
        assert!(!occupancy.keeps_places());
        let runtime = Builder::new_multi_thread().worker_threads(4).build().unwrap();
        runtime.block_on(async {
            let places: Vec<_> = std::iter::from_fn(|| occupancy.take(id)).collect();
            assert_eq!(places.len(), 3);
            assert!(occupancy.keeps_places());
        });
    }
}
