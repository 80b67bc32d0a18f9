//! What is still to be answered, and the answers on their way out.

use std::{
    collections::{HashMap, hash_map::Entry},
    future::poll_fn,
    io,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use tokio::{
    io::AsyncWriteExt,
    sync::{Mutex as AsyncMutex, Notify},
    task::AbortHandle,
    time::timeout,
};

use super::streams::Writer;
use crate::protocol::mcp::id::Id;

/// The side that answers.
pub(super) struct Output {
    /// `None` once the client does not take answers any more.
    writer: AsyncMutex<Option<Writer>>,
    state: Mutex<State>,
    /// Something has been answered.
    changed: Notify,
    /// The client does not take answers any more.
    broken: Notify,
    /// Whether the last hook gave its thread back soon.
    quick: AtomicBool,
    write_timeout: Duration,
}

#[derive(Default)]
struct State {
    /// The requests without an answer.
    running: HashMap<Id, Running>,
    /// How many there were.
    begun: u64,
    /// Answers that are not written yet.
    writing: usize,
    /// The client does not take answers any more.
    is_broken: bool,
    /// Why nothing can be read or answered any more.
    problem: Option<String>,
}

struct Running {
    number: u64,
    /// The task of a call that did not end at once.
    task: Option<AbortHandle>,
}

/// A hook that holds its thread for longer than this holds up others that could run on another.
const QUICK: Duration = Duration::from_micros(100);

impl Output {
    pub(super) fn new(writer: Writer, write_timeout: Duration) -> Self {
        Self {
            writer: AsyncMutex::new(Some(writer)),
            state: Mutex::default(),
            changed: Notify::new(),
            broken: Notify::new(),
            quick: AtomicBool::new(true),
            write_timeout,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request, and gives it a number; none if another with its id is running: an answer could be that to either.
    pub(super) fn begin(&self, id: Id) -> Option<u64> {
        let mut state = self.state();
        let number = state.begun;
        let Entry::Vacant(entry) = state.running.entry(id) else {
            return None;
        };
        entry.insert(Running { number, task: None });
        state.begun += 1;
        Some(number)
    }

    /// The request gets no answer, and its call ends.
    pub(super) fn forget(&self, id: &Id) {
        let running = self.state().running.remove(id);
        if let Some(task) = running.and_then(|running| running.task) {
            task.abort();
        }
        self.changed.notify_one();
    }

    /// The call has a task now, which ends when it is taken back.
    pub(super) fn can_be_taken_back(&self, id: &Id, number: u64, task: AbortHandle) {
        let mut state = self.state();
        if let Some(running) = state
            .running
            .get_mut(id)
            .filter(|running| running.number == number)
        {
            running.task = Some(task);
        }
    }

    /// Begins to write an answer: the request is over, and its client may use the id again. Not if it was cancelled meanwhile.
    pub(super) fn answering(self: &Arc<Self>, id: &Id, number: u64) -> Option<Writing> {
        let mut state = self.state();
        state.running.get(id).filter(|running| running.number == number)?;
        state.running.remove(id);
        state.writing += 1;
        Some(Writing(Arc::clone(self)))
    }

    /// Runs a call, and keeps an eye on how long its hook holds the thread.
    pub(super) async fn timed<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = pin!(call);
        poll_fn(|context| {
            let began = Instant::now();
            let polled = call.as_mut().poll(context);
            self.quick.store(began.elapsed() < QUICK, Ordering::Relaxed);
            polled
        })
        .await
    }

    pub(super) fn hooks_are_quick(&self) -> bool {
        self.quick.load(Ordering::Relaxed)
    }

    /// Requests without an answer, and answers that are not written.
    pub(super) fn pending(&self) -> usize {
        let state = self.state();
        state.running.len() + state.writing
    }

    /// The server can't go on.
    pub(super) fn failed(&self, problem: String) {
        self.state().problem.get_or_insert(problem);
    }

    /// Why nothing can be read or answered any more.
    pub(super) fn problem(&self) -> Option<String> {
        self.state().problem.clone()
    }

    /// Waits until the client does not take answers any more.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }

    /// Waits until everything is answered, or the client takes no more answers.
    pub(super) async fn answered(&self) {
        while self.pending() > 0 && !self.state().is_broken {
            self.changed().await;
        }
    }

    /// Waits until something was answered since the last time.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Begins to write an error that is about no request that runs.
    pub(super) fn refusing(self: &Arc<Self>) -> Writing {
        self.state().writing += 1;
        Writing(Arc::clone(self))
    }

    async fn write_all(&self, mut left: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().await;
        let result = async {
            let writer = writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            while !left.is_empty() {
                let written = self.in_time(writer.write(left)).await?;
                if written == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                left = &left[written..];
            }
            self.in_time(writer.flush()).await
        }
        .await;
        if result.is_err() {
            // Half a line may be out; nothing may follow it.
            *writer = None;
        }
        result
    }

    fn not_read(&self) -> io::Error {
        let message = format!(
            "nothing was read from it for {} s (PLUGINS_WRITE_TIMEOUT)",
            self.write_timeout.as_secs_f64()
        );
        io::Error::new(io::ErrorKind::TimedOut, message)
    }

    /// Most of what is written is taken at once, and needs no timer.
    async fn in_time<T>(&self, write: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let mut write = pin!(write);
        let at_once = poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await;
        match at_once {
            Poll::Ready(written) => written,
            Poll::Pending => timeout(self.write_timeout, write)
                .await
                .unwrap_or_else(|_| Err(self.not_read())),
        }
    }
}

/// An answer that is being written. The end of the server waits for it.
#[must_use]
pub(super) struct Writing(Arc<Output>);

impl Writing {
    /// Writes a message and a line feed.
    pub(super) async fn write(self, mut message: Vec<u8>) {
        let Self(output) = &self;
        message.push(b'\n');
        if let Err(error) = output.write_all(&message).await {
            output.failed(format!("answers can't be written to standard output: {error}"));
            output.state().is_broken = true;
            output.broken.notify_one();
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.state().writing -= 1;
        self.0.changed.notify_one();
    }
}
