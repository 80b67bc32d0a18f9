//! A connection to a server that knows envelopes: all calls go over it, and each answer finds its own.

use std::{
    collections::HashMap,
    future::poll_fn,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Notify, Semaphore, oneshot},
    time::Instant,
};

use crate::{
    codec::nesting::Nesting,
    host::transport::{Failure, Method, Request},
    protocol::{
        envelope::{self, Envelope, Kind, OVERHEAD},
        error::ReportedError,
        frame::Front,
    },
    stream::framed::{Framed, Input, Output},
};

/// While more than this waits to be written, further requests wait.
const WRITE_BACKLOG: usize = 1024 * 1024;

pub(super) struct Shared {
    writer: OwnedWriteHalf,
    path: PathBuf,
    max_message_size: usize,
    permits: Semaphore,
    next_id: AtomicU64,
    calls: Mutex<Calls>,
    output: Mutex<Output>,
    /// There is something in `output` that the socket did not take at once.
    unwritten: Notify,
    /// There is room in `output` again.
    room: Notify,
    closing: Notify,
    last_used: Mutex<Instant>,
}

/// The calls that wait for their answers.
#[derive(Default)]
struct Calls {
    waiting: HashMap<u64, (Kind, oneshot::Sender<Result<Bytes, Failure>>)>,
    /// Why the connection ended.
    ended: Option<String>,
    /// The server said that no plugin saw the calls that wait.
    unseen: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Takes over a connection for this number of calls at one time.
    pub(super) fn start(socket: Framed, path: &Path, max_calls: usize) -> Arc<Self> {
        let Framed {
            stream,
            mut input,
            output,
            last_progress,
        } = socket;
        input.expect_many();
        let (stream, writer) = stream.into_split();
        let shared = Arc::new(Self {
            writer,
            path: path.to_owned(),
            max_message_size: input.max_message_size(),
            permits: Semaphore::new(max_calls.min(Semaphore::MAX_PERMITS)),
            // The first id was that of the question whether the server knows envelopes.
            next_id: AtomicU64::new(2),
            calls: Mutex::default(),
            output: Mutex::new(output),
            unwritten: Notify::new(),
            room: Notify::new(),
            closing: Notify::new(),
            last_used: Mutex::new(last_progress),
        });
        let reader = Arc::clone(&shared);
        tokio::spawn(async move {
            let ended = reader.serve(stream, input).await;
            reader.end(&ended);
        });
        shared
    }

    fn has_ended(&self) -> bool {
        lock(&self.calls).ended.is_some()
    }

    /// Whether it can carry another call. One that was idle for this long is closed instead, before the server does so just when
    /// the next call is on its way.
    pub(super) fn is_usable(&self, idle_timeout: Duration) -> bool {
        if self.has_ended() {
            return false;
        }
        let mut last_used = lock(&self.last_used);
        if last_used.elapsed() >= idle_timeout && lock(&self.calls).waiting.is_empty() {
            self.close();
            return false;
        }
        *last_used = Instant::now();
        true
    }

    pub(super) fn close(&self) {
        self.end("closed by this process");
        self.closing.notify_one();
    }

    pub(super) async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        let size = request.message.len() + OVERHEAD;
        if size > self.max_message_size {
            let limit = self.max_message_size;
            return Err(Failure::TooLarge(format!(
                "the request has {size} bytes, more than the {limit} that may be sent"
            )));
        }
        let _permit = self.permits.acquire().await.map_err(|_| self.ended())?;
        self.wait_for_room().await?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let kind = match request.method {
            Method::InvokeHook => Kind::InvokeHook,
            Method::GetPluginConfig => Kind::GetPluginConfig,
            Method::Health => Kind::Health,
        };
        let (answer, answered) = oneshot::channel();
        {
            let mut calls = lock(&self.calls);
            if let Some(ended) = &calls.ended {
                return Err(self.broken(ended));
            }
            calls.waiting.insert(id, (kind, answer));
        }
        let _waiting = Waiting { shared: self, id };
        request.mark_sent();
        self.send(id, kind, &request.message);
        let answer = answered.await.unwrap_or_else(|_| Err(self.ended()));
        match answer {
            // The server says that no plugin saw it.
            Err(Failure::Refused(error)) if error.is_stopping() => {
                request.mark_unseen();
                self.retire(&error.message);
                Err(self.broken(&error.message))
            }
            Err(Failure::Refused(error)) => {
                request.mark_unseen();
                Err(Failure::Refused(error))
            }
            Err(Failure::Connection(message)) => {
                if lock(&self.calls).unseen {
                    request.mark_unseen();
                }
                Err(Failure::Connection(message))
            }
            answer => answer,
        }
    }

    /// Takes no more calls. Those that wait get their answers.
    fn retire(&self, why: &str) {
        lock(&self.calls).ended.get_or_insert_with(|| why.to_owned());
        self.permits.close();
    }

    fn ended(&self) -> Failure {
        self.broken(lock(&self.calls).ended.as_deref().unwrap_or("closed"))
    }

    async fn wait_for_room(&self) -> Result<(), Failure> {
        loop {
            let room = self.room.notified();
            if lock(&self.output).len() <= WRITE_BACKLOG {
                return Ok(());
            }
            if let Some(ended) = &lock(&self.calls).ended {
                return Err(self.broken(ended));
            }
            room.await;
        }
    }

    fn broken(&self, message: &str) -> Failure {
        Failure::Connection(format!("{}: {message}", self.path.display()))
    }

    /// Writes a message, as much of it as the socket takes; the rest is written when it takes more.
    fn send(&self, id: u64, kind: Kind, message: &[u8]) {
        let mut output = lock(&self.output);
        let is_first = output.is_empty();
        envelope::put(output.buffer(), id, kind, message, None);
        if is_first {
            // An error shows when the reader meets it.
            let _ = output.write(self.writer.as_ref(), 0);
        }
        if !output.is_empty() {
            self.unwritten.notify_one();
        }
    }

    /// Writes what is left, as much of it as the socket takes.
    fn write(&self) {
        let mut output = lock(&self.output);
        if output.write(self.writer.as_ref(), 0).is_err() {
            // What the server said before it closed is still to be read, and then how it ended.
            output.clear();
        }
        if output.len() <= WRITE_BACKLOG {
            self.room.notify_waiters();
        }
    }

    /// Reads answers and writes what is left to write, until the connection ends. Returns why.
    async fn serve(&self, mut stream: OwnedReadHalf, mut input: Input) -> String {
        loop {
            let is_written = lock(&self.output).is_empty();
            tokio::select! {
                read = poll_fn(|task| input.poll_read(&mut stream, task)) => match read {
                    Ok(true) => {
                        if let Err(ended) = self.take(&mut input) {
                            return ended;
                        }
                    }
                    Ok(false) if input.at_end() => return "the server closed the connection".to_owned(),
                    Ok(false) => {}
                    Err(error) => return error.to_string(),
                },
                _ = self.writer.writable(), if !is_written => self.write(),
                () = self.unwritten.notified() => {}
                () = self.closing.notified() => return "closed by this process".to_owned(),
            }
        }
    }

    /// Hands out the answers that have arrived.
    fn take(&self, input: &mut Input) -> Result<(), String> {
        loop {
            let (id, answer) = match input.take() {
                Front::Incomplete => return Ok(()),
                Front::NoFrame(size) => {
                    return Err(format!("an answer begins with a length of {size} bytes"));
                }
                Front::Frame(message) => match Envelope::read(&message) {
                    Ok(Some(envelope)) => (envelope.id, Ok(envelope)),
                    Ok(None) => return Err("an answer came without an envelope".to_owned()),
                    Err(error) => return Err(format!("an answer can't be read: {error}")),
                },
                Front::TooLarge { size, head } => {
                    let limit = self.max_message_size;
                    let message = format!("the answer has {size} bytes, more than the {limit} that are read");
                    match Envelope::id_at_front(&head) {
                        Some(id) => (id, Err(message)),
                        None => return Err(message),
                    }
                }
            };
            if let Ok(envelope) = &answer
                && matches!(envelope.content, Some((Kind::Closing, _)))
            {
                lock(&self.calls).unseen = true;
                return Err("the server closed the connection before it read the call".to_owned());
            }
            // No caller waits for an answer to what was given up.
            if let Some((kind, call)) = lock(&self.calls).waiting.remove(&id) {
                let answer = answer.map_err(Failure::TooLarge);
                let _ = call.send(answer.and_then(|envelope| content(envelope, kind)));
            }
        }
    }

    /// Fails all calls that wait, and all that come.
    fn end(&self, why: &str) {
        let waiting = {
            let mut calls = lock(&self.calls);
            calls.ended.get_or_insert_with(|| why.to_owned());
            std::mem::take(&mut calls.waiting)
        };
        for (_, call) in waiting.into_values() {
            let _ = call.send(Err(self.broken(why)));
        }
        self.room.notify_waiters();
        self.permits.close();
    }
}

/// The answer in an envelope, to a question of this kind.
fn content(envelope: Envelope, asked: Kind) -> Result<Bytes, Failure> {
    match envelope.content {
        Some((Kind::Error, error)) => Err(match ReportedError::read(&error, Nesting::DEFAULT.levels) {
            Ok(error) => refused(error),
            Err(error) => Failure::Invalid(format!("error: {error}")),
        }),
        Some((kind, answer)) if kind == asked => Ok(answer),
        _ => Err(Failure::Invalid(
            "its envelope does not hold what was asked for".to_owned(),
        )),
    }
}

fn refused(error: ReportedError) -> Failure {
    if error.is_too_large() {
        Failure::TooLarge(error.message)
    } else {
        Failure::Refused(Box::new(error))
    }
}

/// A call that waits. When it is given up, the server is told.
struct Waiting<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if lock(&self.shared.calls).waiting.remove(&self.id).is_some() {
            self.shared.send(self.id, Kind::Cancel, &[]);
        }
    }
}
