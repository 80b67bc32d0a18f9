//! Which hooks are holding an async thread right now.
//!
//! Hooks run on the task of their connection, without a spawn, so a hook that blocks its thread would stop the other
//! connections of that thread. Two things prevent that: at most so many hooks hold an async thread at one time that one
//! thread is always free (more of them have the runtime move the other tasks away first), and a watch notices a hook that
//! holds its thread for long, names it in the log, and has it treated as a blocking one from then on.

use std::{
    cell::Cell,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::{
    instance::{Instance, InstanceHook},
    pulse::Pulse,
};

/// How often the watch looks. A hook that is seen twice in the same poll has held its thread for at least this long.
pub(crate) const WATCH_INTERVAL: Duration = Duration::from_millis(100);

/// The places for hooks that hold an async thread.
pub(crate) struct Occupancy {
    places: Box<[Place]>,
    /// The watch is the one thread that nothing but a pause of the whole process holds up.
    pub(crate) pulse: Pulse,
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
    /// Places for all async threads but one.
    pub(crate) fn of_runtime() -> Self {
        let threads = Handle::try_current().map_or(1, |handle| handle.metrics().num_workers());
        Self {
            places: (1..threads.max(2)).map(|_| Place::default()).collect(),
            pulse: Pulse::new(),
        }
    }

    /// Polls a hook: where a place is free, on this thread as it is; else the runtime moves other tasks away first.
    pub(crate) fn hold<T>(
        &self,
        id: HookId,
        instance: &Instance,
        hook: &InstanceHook,
        poll: impl FnOnce() -> T,
    ) -> T {
        let place = if hook.was_seen_blocking() {
            None
        } else {
            self.take(id)
        };
        if let Some(_place) = place {
            return poll();
        }
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => {
                let started = Instant::now();
                let value = tokio::task::block_in_place(poll);
                if started.elapsed() > WATCH_INTERVAL {
                    report(instance, hook);
                }
                value
            }
            _ => poll(),
        }
    }

    fn take(&self, id: HookId) -> Option<Held<'_>> {
        let count = self.places.len();
        let usual = USUAL_PLACE.with(|place| *place);
        let number = NEXT_POLL.with(|next| next.replace(next.get() + 1)) << 16 | (usual as u64 & 0xffff);
        (0..count)
            .map(|step| &self.places[(usual + step) % count])
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
struct Held<'a>(&'a Place);

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
    let mut seen: Vec<u64> = Vec::new();
    loop {
        std::thread::sleep(WATCH_INTERVAL);
        let (Some(occupancy), Some(instances)) = (occupancy.upgrade(), instances.upgrade()) else {
            return;
        };
        occupancy.pulse.beat();
        seen.resize(occupancy.places.len(), 0);
        for (place, seen) in occupancy.places.iter().zip(&mut seen) {
            let poll = place.poll.load(Ordering::Acquire);
            if poll != 0 && poll == *seen {
                let instance = instances.get(place.instance.load(Ordering::Relaxed));
                let hook = place.hook.load(Ordering::Relaxed);
                if let Some((instance, hook)) = instance.and_then(|it| Some((it, it.hooks().get(hook)?))) {
                    report(instance, hook);
                }
            }
            *seen = poll;
        }
    }
}

fn report(instance: &Instance, hook: &InstanceHook) {
    if hook.note_blocking() {
        tracing::warn!(
            plugin_name = &*instance.name,
            hook_type = hook.name,
            "the hook {} of {} blocks its thread for more than {} ms: declare it with `blocking = [{}]` in #[plugin], or \
             move the blocking part into `tokio::task::spawn_blocking`; until then its deadline can't be kept",
            hook.name,
            instance.name,
            WATCH_INTERVAL.as_millis(),
            hook.name.replace('.', "_"),
        );
    }
}
