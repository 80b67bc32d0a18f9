//! What the exchanges of a transport share, and what is made when one of them needs it: a connection, a session, a process.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Semaphore;

use super::transport::Failure;

pub(super) struct Slot<T> {
    state: Mutex<State<T>>,
    /// Whoever has it makes; the others wait for what comes of it.
    making: Semaphore,
    /// How often making has failed, so that whoever waited does not try again at once.
    failed: AtomicU64,
}

enum State<T> {
    Empty { last_failure: Option<Failure> },
    Full(T),
    Closed,
}

impl<T: Clone> Slot<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::Empty { last_failure: None }),
            making: Semaphore::new(1),
            failed: AtomicU64::new(0),
        }
    }

    /// What is there, if it can be used, or else what `make` gives. If making fails, it does so for all who wait for it.
    pub(super) async fn get(
        &self,
        is_usable: impl Fn(&T) -> bool,
        make: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        if let Some(found) = self.current(&is_usable)? {
            return Ok(found);
        }
        let failed_before = self.failed.load(Ordering::Acquire);
        let _alone = self.making.acquire().await.map_err(|_| closed())?;
        if let Some(found) = self.current(&is_usable)? {
            return Ok(found);
        }
        if self.failed.load(Ordering::Acquire) != failed_before
            && let State::Empty {
                last_failure: Some(failure),
            } = &*self.lock()
        {
            return Err(failure.clone());
        }
        let outcome = make.await;
        let mut state = self.lock();
        if matches!(*state, State::Closed) {
            return Err(closed());
        }
        match outcome {
            Ok(new) => {
                *state = State::Full(new.clone());
                Ok(new)
            }
            Err(failure) => {
                *state = State::Empty {
                    last_failure: Some(failure.clone()),
                };
                self.failed.fetch_add(1, Ordering::AcqRel);
                Err(failure)
            }
        }
    }

    /// Empties it for good, and gives what was in it.
    pub(super) fn close(&self) -> Option<T> {
        match std::mem::replace(&mut *self.lock(), State::Closed) {
            State::Full(found) => Some(found),
            State::Empty { .. } | State::Closed => None,
        }
    }

    fn current(&self, is_usable: &impl Fn(&T) -> bool) -> Result<Option<T>, Failure> {
        let mut state = self.lock();
        match &*state {
            State::Closed => Err(closed()),
            State::Empty { .. } => Ok(None),
            State::Full(found) if is_usable(found) => Ok(Some(found.clone())),
            State::Full(_) => {
                *state = State::Empty { last_failure: None };
                Ok(None)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Failure {
    Failure::Connection("closed by this process".to_owned())
}
