//! One life of the child process.

use std::{
    io,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    process::{Child, Command},
    sync::{mpsc, watch},
    task::{AbortHandle, consume_budget},
    time::timeout,
};

use super::conversation::{Call, Shared, lock};
use crate::{
    host::{
        config::target::StdioTarget,
        mcp::message,
        settings::HostSettings,
        transport::{Failure, Request},
    },
    protocol::mcp::{
        answer::{Incoming, negotiated, read},
        lines::{Line, Lines},
        request::{initialize, initialized},
    },
};

/// Number of messages that may wait to be written before further ones wait for them.
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

#[derive(Clone, Debug)]
pub(super) enum State {
    Starting,
    Ready,
    Ended { at: Instant, why: String },
}

impl Process {
    /// Starts it. It goes on by itself until it is ready, even if its caller no longer waits.
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
        let ends = Ends {
            child: Some(child),
            input: Box::new(stdin),
            output: Box::new(stdout),
        };
        Ok(Self::at(program, ends, settings))
    }

    /// The process that has the other ends.
    pub(super) fn at(program: &str, ends: Ends, settings: &HostSettings) -> Self {
        let shared = Arc::new(Shared::new(program, settings.max_message_size));
        let (input, messages) = mpsc::channel(BACKLOG);
        let (state, watched) = watch::channel(State::Starting);
        let life = Life {
            shared: Arc::clone(&shared),
            messages: input.downgrade(),
            state,
            start_timeout: settings.start_timeout,
        };
        let task = tokio::spawn(life.run(ends, messages)).abort_handle();
        Self {
            shared,
            input: Mutex::new(Some(input)),
            state: watched,
            task,
        }
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
        match read(&message) {
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

/// The streams of a process, and the process.
pub(super) struct Ends {
    pub(super) child: Option<Child>,
    pub(super) input: Box<dyn AsyncWrite + Send + Unpin>,
    pub(super) output: Box<dyn AsyncRead + Send + Unpin>,
}

/// The life of the process: the handshake, its messages, its end.
struct Life {
    shared: Arc<Shared>,
    messages: mpsc::WeakSender<Bytes>,
    state: watch::Sender<State>,
    start_timeout: Duration,
}

impl Life {
    async fn run(self, ends: Ends, messages: mpsc::Receiver<Bytes>) {
        let Ends {
            mut child,
            input,
            output,
        } = ends;
        // Ends with its input, and when this future is dropped.
        let writing = AbortOnDrop(tokio::spawn(write(input, messages)).abort_handle());
        let mut reading = Box::pin(read_all(&self.shared, output, &self.messages));
        let why = tokio::select! {
            why = self.greet() => why,
            why = &mut reading => match &mut child {
                Some(child) => match timeout(LAST_WORDS, child.wait()).await {
                    Ok(Ok(status)) => format!("it has ended ({status})"),
                    _ => why,
                },
                None => why,
            },
            status = end_of(&mut child) => {
                let _ = timeout(LAST_WORDS, reading).await;
                match status {
                    Ok(status) => format!("it has ended ({status})"),
                    Err(error) => format!("it can't be waited for: {error}"),
                }
            }
        };
        drop(writing);
        if let Some(mut child) = child {
            // It may have closed its output, and go on.
            let _ = child.kill().await;
        }
        self.shared.end(&why);
        self.state.send_replace(State::Ended {
            at: Instant::now(),
            why,
        });
    }

    /// Makes the handshake. It ends only when that fails, and then says why.
    async fn greet(&self) -> String {
        match timeout(self.start_timeout, shake_hands(&self.shared, &self.messages)).await {
            Ok(Ok(())) => {
                self.state.send_replace(State::Ready);
                std::future::pending().await
            }
            Ok(Err(failure)) => failure_text(failure),
            Err(_) => format!(
                "it did not answer to initialize within {} s",
                self.start_timeout.as_secs_f64()
            ),
        }
    }
}

async fn end_of(child: &mut Option<Child>) -> io::Result<ExitStatus> {
    match child {
        Some(child) => child.wait().await,
        None => std::future::pending().await,
    }
}

fn failure_text(failure: Failure) -> String {
    match failure {
        Failure::Connection(text) | Failure::Invalid(text) | Failure::TooLarge(text) => text,
        Failure::Refused(error) | Failure::Failed(error) => {
            format!("it refused initialize: {}", error.message)
        }
        Failure::Timeout(_) => "it did not answer to initialize in time".to_owned(),
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
    send(initialize(call.id)).await?;
    let answer = call.answer().await?;
    match read(&answer) {
        Ok(Incoming::Answer(_, Ok(result))) => negotiated(result).map_err(Failure::Invalid)?,
        Ok(Incoming::Answer(_, Err(error))) => return Err(message::failure(error)),
        Ok(_) => {
            return Err(Failure::Invalid(
                "it answers with a message of another kind".to_owned(),
            ));
        }
        Err(problem) => return Err(Failure::Invalid(problem)),
    };
    send(initialized()).await
}

async fn write(mut stdin: impl AsyncWrite + Unpin, mut messages: mpsc::Receiver<Bytes>) {
    while let Some(message) = messages.recv().await {
        // That it is gone shows where its output is read.
        if stdin.write_all(&message).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

/// Bytes read from the output of a process at once.
const READ_SIZE: usize = 64 * 1024;

/// Reads messages to the end, and says why that is.
async fn read_all(
    shared: &Shared,
    mut stdout: impl AsyncRead + Unpin,
    input: &mpsc::WeakSender<Bytes>,
) -> String {
    let mut lines = Lines::new(shared.limit);
    loop {
        // A buffer may be full of short lines; others get their turn before all of them are looked at.
        consume_budget().await;
        match lines.next() {
            Some(Line::Message(line)) => {
                if let Some(mut answer) = shared.take(line)
                    && let Some(input) = input.upgrade()
                {
                    answer.push(b'\n');
                    // A server that asks more than it reads gets no answer.
                    let _ = input.try_send(answer.into());
                }
            }
            Some(Line::TooLong { id }) => match id.and_then(|id| id.number()) {
                Some(id) => shared.answer(id, Err(message::too_large(shared.limit))),
                None => return format!("it wrote a line of more than {} bytes", shared.limit),
            },
            None => {
                let buffer = lines.buffer();
                buffer.reserve(READ_SIZE);
                match stdout.read_buf(buffer).await {
                    // A line that never ended is no message.
                    Ok(0) => return "it has closed its output".to_owned(),
                    Ok(_) => {}
                    Err(error) => return format!("its output can't be read: {error}"),
                }
            }
        }
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
