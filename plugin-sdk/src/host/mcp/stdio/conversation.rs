//! The requests that wait for an answer on one pair of streams.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::{
    host::{mcp::message::answer_to, transport::Failure},
    protocol::mcp::{
        answer::{Incoming, read},
        id::Id,
        request::cancelled,
    },
    repeated::limited,
};

/// What the reader of answers and those who wait for them share.
pub(super) struct Shared {
    pub(super) program: String,
    pub(super) limit: usize,
    next_id: AtomicU64,
    waiting: Mutex<Waiting>,
}

type Answer = Result<Bytes, Failure>;

#[derive(Default)]
struct Waiting {
    calls: HashMap<u64, oneshot::Sender<Answer>>,
    has_ended: bool,
}

impl Shared {
    pub(super) fn new(program: &str, limit: usize) -> Self {
        Self {
            program: program.to_owned(),
            limit,
            next_id: AtomicU64::new(1),
            waiting: Mutex::default(),
        }
    }

    pub(super) fn failure(&self, what: impl std::fmt::Display) -> Failure {
        Failure::Connection(format!("{}: {what}", self.program))
    }

    /// Gives a line to the caller that waits for it. What the server wants to have answered is given back.
    pub(super) fn take(&self, line: Bytes) -> Option<Vec<u8>> {
        match read(&line) {
            Ok(Incoming::Answer(Some(id), _)) => self.answer(id, Ok(line)),
            Ok(Incoming::Request(id, method)) => {
                return Id::of(id).map(|id| answer_to(id, &method));
            }
            Ok(Incoming::Notification) => {}
            Ok(Incoming::Answer(None, Err(error))) => {
                limited!(warn, kind: "errors of a server without a request"; "{}: {} ({})", self.program, error.message, error.code);
            }
            Ok(Incoming::Answer(None, Ok(_))) | Err(_) => {
                // Some programs print where only messages belong.
                let text = String::from_utf8_lossy(&line);
                let start: String = text.chars().take(200).collect();
                limited!(warn, kind: "lines that are no message"; "{}: wrote what is no message: {start}", self.program);
            }
        }
        None
    }

    pub(super) fn answer(&self, id: u64, answer: Answer) {
        // No caller waits for an answer to what was given up.
        if let Some(call) = lock(&self.waiting).calls.remove(&id) {
            let _ = call.send(answer);
        }
    }

    pub(super) fn end(&self, why: &str) {
        let calls = {
            let mut waiting = lock(&self.waiting);
            waiting.has_ended = true;
            std::mem::take(&mut waiting.calls)
        };
        for call in calls.into_values() {
            let _ = call.send(Err(self.failure(why)));
        }
    }
}

/// A request that waits. When it is given up, the server is told.
pub(super) struct Call<'a> {
    shared: &'a Shared,
    input: Option<&'a mpsc::Sender<Bytes>>,
    pub(super) id: u64,
    answered: oneshot::Receiver<Answer>,
    pub(super) was_sent: bool,
}

impl<'a> Call<'a> {
    pub(super) fn begin(shared: &'a Shared, input: Option<&'a mpsc::Sender<Bytes>>) -> Result<Self, Failure> {
        let id = shared.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let mut waiting = lock(&shared.waiting);
        if waiting.has_ended {
            return Err(shared.failure("it has ended"));
        }
        waiting.calls.insert(id, answer);
        Ok(Self {
            shared,
            input,
            id,
            answered,
            was_sent: false,
        })
    }

    pub(super) async fn answer(&mut self) -> Answer {
        match (&mut self.answered).await {
            Ok(answer) => answer,
            Err(_) => Err(self.shared.failure("it was killed")),
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let waited = lock(&self.shared.waiting).calls.remove(&self.id).is_some();
        let (true, true, Some(input)) = (waited, self.was_sent, self.input) else {
            return;
        };
        let mut line = cancelled(self.id);
        line.push(b'\n');
        if let Err(mpsc::error::TrySendError::Full(line)) = input.try_send(line.into())
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let input = input.clone();
            runtime.spawn(async move {
                let _ = input.send(line).await;
            });
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
