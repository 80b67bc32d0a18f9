//! A future that wakes itself while it runs is polled again at once.
//!
//! hyper hands the body of a request to the handler through a channel, and both ends of it are in the task of the connection: each
//! request wakes the task that already runs. The runtime takes that for a task that yields: it queues it, and wakes another
//! worker to see whether that has time for it. On a quiet server that costs more than the request.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// So many times in a row a future may go on before others get their turn: a request has one body.
const IN_A_ROW: usize = 2;

/// What happened to the wakes of one future.
pub(super) struct SelfWakes {
    state: Arc<State>,
    waker: Waker,
}

struct State {
    phase: AtomicU8,
    /// Who is woken while the future does not run.
    outer: Mutex<Waker>,
}

const RESTS: u8 = 0;
const RUNS: u8 = 1;
/// It was woken since it began to run.
const RUNS_AGAIN: u8 = 2;

impl SelfWakes {
    pub(super) fn new() -> Self {
        let state = Arc::new(State {
            phase: AtomicU8::new(RESTS),
            outer: Mutex::new(Waker::noop().clone()),
        });
        let waker = Waker::from(Arc::clone(&state));
        Self { state, waker }
    }

    /// Polls the future, which must always be the same.
    pub(super) fn poll<T>(
        &self,
        task: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.state.wakes(task.waker());
        for _ in 0..IN_A_ROW {
            // An exchange, so that what was done before a wake which this takes back is seen by the poll.
            self.state.phase.swap(RUNS, Ordering::AcqRel);
            if let Poll::Ready(value) = poll(&mut Context::from_waker(&self.waker)) {
                return Poll::Ready(value);
            }
            let rests = self
                .state
                .phase
                .compare_exchange(RUNS, RESTS, Ordering::AcqRel, Ordering::Acquire);
            if rests.is_ok() {
                return Poll::Pending;
            }
        }
        self.state.phase.swap(RESTS, Ordering::AcqRel);
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

impl State {
    fn wakes(&self, waker: &Waker) {
        self.outer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(waker);
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let again = |phase| (phase != RESTS).then_some(RUNS_AGAIN);
        if self
            .phase
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, again)
            .is_err()
        {
            let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner).clone();
            outer.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Polls once a future that wakes itself so many times: how often it was polled, and how often the task was woken.
    fn polled(wakes: usize) -> (usize, usize) {
        let (count, watched) = (Arc::new(Count::default()), SelfWakes::new());
        let (task_waker, mut polls) = (Waker::from(Arc::clone(&count)), 0);
        let polled = watched.poll(&mut Context::from_waker(&task_waker), |task| {
            polls += 1;
            if polls <= wakes {
                task.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        (polls, count.0.load(Ordering::Relaxed))
    }

    #[test]
    fn one_that_wakes_itself_goes_on_and_the_task_is_not_woken() {
        assert_eq!(polled(0), (1, 0));
        assert_eq!(polled(1), (2, 0));
        assert_eq!(polled(IN_A_ROW - 1), (IN_A_ROW, 0));
    }

    #[test]
    fn one_that_never_rests_lets_others_have_their_turn() {
        assert_eq!(polled(IN_A_ROW), (IN_A_ROW, 1));
        assert_eq!(polled(100), (IN_A_ROW, 1));
    }

    #[test]
    fn one_that_rests_is_woken_by_others() {
        let (count, watched) = (Arc::new(Count::default()), SelfWakes::new());
        let waker = Waker::from(Arc::clone(&count));
        let mut kept = None;
        let polled = watched.poll(&mut Context::from_waker(&waker), |task| {
            kept = Some(task.waker().clone());
            Poll::<()>::Pending
        });
        assert!(polled.is_pending());
        kept.into_iter().for_each(Waker::wake);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
