//! One life of the child process.

use std::{
    collections::HashMap,
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{mpsc, oneshot, watch},
    task::AbortHandle,
    time::timeout,
};

use super::lines::{self, Line};
use crate::host::{
    config::target::StdioTarget,
    mcp::message::{self, Incoming},
    settings::HostSettings,
    transport::{Failure, Request},
};

/// So many messages may wait to be written before further ones wait for them.
const BACKLOG: usize = 16;

/// After its output has ended, a process has so long to end too; after it has ended, so long its last output is waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A process. Dropping it kills it.
pub(super) struct Process {
    shared: Arc<Shared>,
    /// What the process reads, until it is closed.
    input: Mutex<Option<mpsc::Sender<Bytes>>>,
    state: watch::Receiver<State>,
    task: AbortHandle,
}

struct Shared {
    program: String,
    limit: usize,
    next_id: AtomicU64,
    waiting: Mutex<Waiting>,
}

type Answer = Result<Bytes, Failure>;

#[derive(Default)]
struct Waiting {
    calls: HashMap<u64, oneshot::Sender<Answer>>,
    has_ended: bool,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Starting,
    Ready,
    Ended { at: Instant, why: String },
}

impl Process {
    /// Starts it. It goes on by itself until it is ready, whoever waits for it.
    pub(super) fn start(target: &StdioTarget, settings: &HostSettings) -> Result<Self, Failure> {
        let (program, arguments) = target
            .command
            .split_first()
            .ok_or_else(|| Failure::Connection("mcp.cmd is empty".to_owned()))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(&target.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(directory) = &target.directory {
            command.current_dir(directory);
        }
        let cannot = |what: String| Failure::Connection(format!("{program} can't be started: {what}"));
        let mut child = command.spawn().map_err(|error| cannot(error.to_string()))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(cannot("it has no pipes".to_owned()));
        };
        let shared = Arc::new(Shared {
            program: program.clone(),
            limit: settings.max_message_size,
            next_id: AtomicU64::new(1),
            waiting: Mutex::default(),
        });
        let (input, messages) = mpsc::channel(BACKLOG);
        let (state, watched) = watch::channel(State::Starting);
        let life = live(
            Arc::clone(&shared),
            child,
            stdin,
            stdout,
            input.downgrade(),
            messages,
            state,
            settings.start_timeout,
        );
        let task = tokio::spawn(life).abort_handle();
        Ok(Self {
            shared,
            input: Mutex::new(Some(input)),
            state: watched,
            task,
        })
    }

    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Waits until it has made the handshake.
    async fn ready(&self) -> Result<(), Failure> {
        let mut state = self.state.clone();
        let state = state.wait_for(|state| !matches!(state, State::Starting)).await;
        match state.as_deref() {
            Ok(State::Ended { why, .. }) => Err(self.shared.failure(why)),
            Ok(State::Ready | State::Starting) => Ok(()),
            Err(_) => Err(self.shared.failure("it was killed")),
        }
    }

    pub(super) async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        self.ready().await?;
        let closed = || self.shared.failure("its input is closed");
        let input = lock(&self.input).clone().ok_or_else(closed)?;
        let room = input.reserve().await.map_err(|_| closed())?;
        let mut call = Call::begin(&self.shared, Some(&input))?;
        let mut line = message::request(call.id, request);
        line.push(b'\n');
        request.mark_sent();
        call.was_sent = true;
        room.send(line.into());
        let message = call.answer().await?;
        match message::read(&message) {
            Ok(Incoming::Answer(_, Ok(result))) => {
                message::content(request.method, result, self.shared.limit)
            }
            Ok(Incoming::Answer(_, Err(error))) => Err(message::failure(error)),
            Ok(_) => Err(Failure::Invalid("it is a message of another kind".to_owned())),
            Err(problem) => Err(Failure::Invalid(problem)),
        }
    }

    /// Closes its input, and kills it if it does not end then.
    pub(super) async fn close(&self, patience: Duration) {
        lock(&self.input).take();
        let mut state = self.state.clone();
        let ended = state.wait_for(|state| matches!(state, State::Ended { .. }));
        let _ = timeout(patience, ended).await;
        self.task.abort();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn failure(&self, what: impl std::fmt::Display) -> Failure {
        Failure::Connection(format!("{}: {what}", self.program))
    }

    /// Gives a line to whoever waits for it. What the server wants to have answered is given back.
    fn take(&self, line: Vec<u8>) -> Option<Vec<u8>> {
        let line = Bytes::from(line);
        match message::read(&line) {
            Ok(Incoming::Answer(Some(id), _)) => self.answer(id, Ok(line)),
            Ok(Incoming::Request(id, method)) => return Some(message::answer_to(id, &method)),
            Ok(Incoming::Notification) => {}
            Ok(Incoming::Answer(None, Err(error))) => {
                tracing::warn!("{}: {} ({})", self.program, error.message, error.code);
            }
            Ok(Incoming::Answer(None, Ok(_))) | Err(_) => {
                // Some programs print where only messages belong.
                let text = String::from_utf8_lossy(&line);
                let start: String = text.chars().take(200).collect();
                tracing::warn!("{}: wrote what is no message: {start}", self.program);
            }
        }
        None
    }

    fn answer(&self, id: u64, answer: Answer) {
        // Nobody waits any more for an answer to what was given up.
        if let Some(call) = lock(&self.waiting).calls.remove(&id) {
            let _ = call.send(answer);
        }
    }

    fn end(&self, why: &str) {
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
struct Call<'a> {
    shared: &'a Shared,
    input: Option<&'a mpsc::Sender<Bytes>>,
    id: u64,
    answered: oneshot::Receiver<Answer>,
    was_sent: bool,
}

impl<'a> Call<'a> {
    fn begin(shared: &'a Shared, input: Option<&'a mpsc::Sender<Bytes>>) -> Result<Self, Failure> {
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

    async fn answer(&mut self) -> Answer {
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
        let mut line = message::cancelled(self.id);
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

/// The life of the process: the handshake, its messages, its end.
#[expect(clippy::too_many_arguments, reason = "each is a part of the process")]
async fn live(
    shared: Arc<Shared>,
    mut child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    input: mpsc::WeakSender<Bytes>,
    messages: mpsc::Receiver<Bytes>,
    state: watch::Sender<State>,
    start_timeout: Duration,
) {
    // Ends with its input, and when this future is dropped.
    let writing = AbortOnDrop(tokio::spawn(write(stdin, messages)).abort_handle());
    let greeting = async {
        match timeout(start_timeout, shake_hands(&shared, &input)).await {
            Ok(Ok(())) => {
                state.send_replace(State::Ready);
                std::future::pending().await
            }
            Ok(Err(failure)) => failure_text(failure),
            Err(_) => format!(
                "it did not answer to initialize within {} s",
                start_timeout.as_secs_f64()
            ),
        }
    };
    let mut reading = Box::pin(read(&shared, stdout, &input));
    let why = tokio::select! {
        why = greeting => why,
        why = &mut reading => match timeout(LAST_WORDS, child.wait()).await {
            Ok(Ok(status)) => format!("it has ended ({status})"),
            _ => why,
        },
        status = child.wait() => {
            let _ = timeout(LAST_WORDS, reading).await;
            match status {
                Ok(status) => format!("it has ended ({status})"),
                Err(error) => format!("it can't be waited for: {error}"),
            }
        }
    };
    drop(writing);
    // It may have closed its output, and go on.
    let _ = child.kill().await;
    shared.end(&why);
    state.send_replace(State::Ended {
        at: Instant::now(),
        why,
    });
}

fn failure_text(failure: Failure) -> String {
    match failure {
        Failure::Connection(text) | Failure::Invalid(text) | Failure::TooLarge(text) => text,
        Failure::Refused(error) => format!("it refused initialize: {}", error.message),
        Failure::Timeout => "it did not answer to initialize in time".to_owned(),
    }
}

async fn shake_hands(shared: &Shared, input: &mpsc::WeakSender<Bytes>) -> Result<(), Failure> {
    let mut call = Call::begin(shared, None)?;
    let send = async |mut line: Vec<u8>| {
        line.push(b'\n');
        let closed = || Failure::Connection("its input is closed".to_owned());
        let input = input.upgrade().ok_or_else(closed)?;
        input.send(line.into()).await.map_err(|_| closed())
    };
    send(message::initialize(call.id)).await?;
    let answer = call.answer().await?;
    match message::read(&answer) {
        Ok(Incoming::Answer(_, Ok(result))) => message::negotiated(result)?,
        Ok(Incoming::Answer(_, Err(error))) => return Err(message::failure(error)),
        Ok(_) => {
            return Err(Failure::Invalid(
                "it answers with a message of another kind".to_owned(),
            ));
        }
        Err(problem) => return Err(Failure::Invalid(problem)),
    };
    send(message::INITIALIZED.to_vec()).await
}

async fn write(mut stdin: ChildStdin, mut messages: mpsc::Receiver<Bytes>) {
    while let Some(message) = messages.recv().await {
        // That it is gone shows where its output is read.
        if stdin.write_all(&message).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

/// Reads messages to the end, and says why that is.
async fn read(shared: &Shared, stdout: ChildStdout, input: &mpsc::WeakSender<Bytes>) -> String {
    let mut reader = BufReader::with_capacity(64 * 1024, stdout);
    loop {
        let line = match lines::next(&mut reader, shared.limit).await {
            Ok(Line::Whole(line)) => line,
            Ok(Line::TooLong(front)) => {
                let too_large = message::too_large(shared.limit);
                match message::id_at_front(&front) {
                    Some(id) => shared.answer(id, Err(too_large)),
                    None => return format!("it wrote a line of more than {} bytes", shared.limit),
                }
                continue;
            }
            Ok(Line::End) => return "it has closed its output".to_owned(),
            Err(error) => return format!("its output can't be read: {error}"),
        };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Some(mut answer) = shared.take(line)
            && let Some(input) = input.upgrade()
        {
            answer.push(b'\n');
            // A server that asks more than it reads gets no answer.
            let _ = input.try_send(answer.into());
        }
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
