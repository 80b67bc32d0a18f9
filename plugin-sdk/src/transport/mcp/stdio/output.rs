//! What is still to be answered, and the answers on their way out.

use std::{
    collections::{HashMap, hash_map::Entry},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rmcp::model::RequestId;
use tokio::{
    io::AsyncWriteExt,
    sync::{Mutex as AsyncMutex, Notify},
    time::timeout,
};

use super::streams::Writer;
use crate::transport::mcp::message::OddId;

/// The side that answers.
pub(super) struct Output {
    /// `None` once the client does not take answers any more.
    writer: AsyncMutex<Option<Writer>>,
    state: Mutex<State>,
    /// Something has been answered.
    changed: Notify,
    write_timeout: Duration,
}

#[derive(Default)]
struct State {
    /// The requests without an answer. An id that stands for another is kept with that.
    running: HashMap<RequestId, Option<OddId>>,
    /// Answers that are not written yet.
    writing: usize,
    has_broken: bool,
}

impl Output {
    pub(super) fn new(writer: Writer, write_timeout: Duration) -> Self {
        Self {
            writer: AsyncMutex::new(Some(writer)),
            state: Mutex::default(),
            changed: Notify::new(),
            write_timeout,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request. Returns whether no other with its id is running: an answer could be that to either.
    pub(super) fn begin(&self, id: RequestId, odd: Option<OddId>) -> bool {
        match self.state().running.entry(id) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(odd);
                true
            }
        }
    }

    /// The request gets no answer.
    pub(super) fn forget(&self, id: &RequestId) {
        self.state().running.remove(id);
        self.changed.notify_one();
    }

    /// Requests without an answer, and answers that are not written.
    pub(super) fn pending(&self) -> usize {
        let state = self.state();
        state.running.len() + state.writing
    }

    pub(super) fn has_broken(&self) -> bool {
        self.state().has_broken
    }

    /// Waits until something was answered since the last time.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes note of an answer that is going to be written: the request is over, and its client may use the id again. Gives back
    /// the id that another stands for.
    pub(super) fn answering(&self, id: Option<&RequestId>) -> Option<OddId> {
        let mut state = self.state();
        state.writing += 1;
        state.running.remove(id?).flatten()
    }

    /// Writes a message that was taken note of, and a line feed.
    pub(super) async fn write(&self, mut message: Vec<u8>) -> io::Result<()> {
        message.push(b'\n');
        let written = self.write_all(&message).await;
        let mut state = self.state();
        state.writing -= 1;
        if let Err(error) = &written
            && !std::mem::replace(&mut state.has_broken, true)
        {
            tracing::error!("answers can't be written to standard output: {error}");
        }
        drop(state);
        self.changed.notify_one();
        written
    }

    async fn write_all(&self, mut left: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().await;
        let result = async {
            let writer = writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            while !left.is_empty() {
                let written = timeout(self.write_timeout, writer.write(left)).await??;
                if written == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                left = &left[written..];
            }
            timeout(self.write_timeout, writer.flush()).await?
        }
        .await;
        if result.is_err() {
            // Half a line may be out; nothing may follow it.
            *writer = None;
        }
        result
    }
}
