//! The memory of a limit: it does not grow with the number of callers, nor with the length of their names.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use governor::{
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};

/// The hash of a caller. With 128 bits and a secret seed, no two callers have the same.
pub(crate) type Caller = [u64; 2];

/// When each caller's next call would be on time.
pub(crate) struct BoundedStore {
    capacity: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    arrivals: HashMap<Caller, Nanos>,
    /// The one count of the callers that find no room.
    overflow: Option<Nanos>,
}

impl BoundedStore {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            table: Mutex::default(),
        }
    }

    /// No code that could panic runs under the lock but the limiter's arithmetic, which leaves the table whole.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for BoundedStore {
    type Key = Caller;

    fn measure_and_replace<T, F, E>(&self, caller: &Caller, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut table = self.table();
        let known = table.arrivals.get(caller).copied();
        if known.is_none() && table.arrivals.len() >= self.capacity {
            let (outcome, arrival) = decide(table.overflow)?;
            table.overflow = Some(arrival);
            return Ok(outcome);
        }
        let (outcome, arrival) = decide(known)?;
        table.arrivals.insert(*caller, arrival);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<Caller> for BoundedStore {
    fn retain_recent(&self, drop_below: Nanos) {
        self.table().arrivals.retain(|_, arrival| *arrival > drop_below);
    }

    fn len(&self) -> usize {
        self.table().arrivals.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
