//! A connection and its clock: a client may take so long for a request, for nothing at all, and for taking an answer.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, sleep_until},
};

use super::hang_up::SharedStream;
use crate::repeated::limited;

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// The head of a request, also of the first.
    pub(super) head: Duration,
    /// Nothing at all, between two requests.
    pub(super) idle: Duration,
    /// No progress of an answer.
    pub(super) write: Duration,
}

/// What a connection waits for, and since when.
///
/// A connection has no timer of its own to set and clear with every request: it notes the time, and one that sleeps beside it
/// looks at it now and then.
#[derive(Debug)]
pub(super) struct Clock {
    opened: Instant,
    phase: AtomicU8,
    /// Milliseconds since the connection was opened.
    since: AtomicU64,
    /// The same since when an answer makes no progress; 0 while it does.
    stuck: AtomicU64,
    /// Whether the client of the request at hand knows informational responses.
    knows_interim: AtomicBool,
}

/// The head of a request is awaited.
const HEAD: u8 = 0;
/// A request is answered. What it takes is bounded elsewhere.
const REQUEST: u8 = 1;
/// Its answer is written.
const ANSWER: u8 = 2;
/// Nothing is awaited.
const IDLE: u8 = 3;

impl Clock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            phase: AtomicU8::new(HEAD),
            since: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            knows_interim: AtomicBool::new(false),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn enter(&self, phase: u8) {
        self.since.store(self.now(), Ordering::Relaxed);
        self.phase.store(phase, Ordering::Release);
    }

    /// A request has come.
    pub(super) fn request(&self) {
        self.enter(REQUEST);
    }

    /// Notes whether the client of the request at hand knows informational responses.
    pub(super) fn knows_interim(&self, knows: bool) {
        self.knows_interim.store(knows, Ordering::Relaxed);
    }

    /// Whether nothing of the answer is there yet, and an informational response may be sent before it.
    pub(super) fn may_send_interim(&self) -> bool {
        self.phase.load(Ordering::Acquire) == REQUEST && self.knows_interim.load(Ordering::Relaxed)
    }

    /// The answer begins.
    pub(super) fn answer(&self) {
        self.enter(ANSWER);
    }

    /// The request is answered.
    pub(super) fn idle(&self) {
        self.enter(IDLE);
    }

    /// Bytes have come.
    fn read(&self) {
        if self.phase.load(Ordering::Acquire) == IDLE {
            self.enter(HEAD);
        }
    }

    /// A client that still takes its answer is not idle, although the last of it has been handed over.
    fn sent(&self) {
        if self.phase.load(Ordering::Acquire) == IDLE {
            self.since.store(self.now(), Ordering::Relaxed);
        }
    }

    fn wrote(&self, has_progress: bool) {
        let is_stuck = self.stuck.load(Ordering::Relaxed) > 0;
        match (has_progress, is_stuck) {
            (true, true) => self.stuck.store(0, Ordering::Relaxed),
            (false, false) => self.stuck.store(self.now().max(1), Ordering::Relaxed),
            _ => {}
        }
    }

    /// Waits until the client has taken too long for something.
    pub(super) async fn overdue(&self, timeouts: Timeouts) {
        // Whatever begins to be awaited while this sleeps has at least so much time.
        let shortest = timeouts.head.min(timeouts.idle).min(timeouts.write);
        let shortest = shortest.max(Duration::from_millis(10));
        loop {
            let now = Instant::now();
            let due = |since: &AtomicU64, limit: Duration| {
                let since = Duration::from_millis(since.load(Ordering::Relaxed));
                self.opened + since + limit
            };
            let phase = match self.phase.load(Ordering::Acquire) {
                HEAD => Some((due(&self.since, timeouts.head), Overdue::Head)),
                IDLE => Some((due(&self.since, timeouts.idle), Overdue::Idle)),
                _ => None,
            };
            let stuck = self.stuck.load(Ordering::Relaxed) > 0;
            let stuck = stuck.then(|| (due(&self.stuck, timeouts.write), Overdue::Unread));
            let first = phase.into_iter().chain(stuck).min_by_key(|(due, _)| *due);
            let mut wake = now + shortest;
            if let Some((due, what)) = first {
                if due <= now {
                    what.log();
                    return;
                }
                wake = wake.min(due);
            }
            sleep_until(wake).await;
        }
    }
}

/// What a client has taken too long for.
#[derive(Clone, Copy)]
enum Overdue {
    Head,
    Idle,
    Unread,
}

impl Overdue {
    fn log(self) {
        match self {
            Self::Head => {
                tracing::debug!("the head of a request takes too long, and the connection is closed");
            }
            Self::Idle => {
                tracing::debug!("a connection was idle for too long (PLUGINS_IDLE_TIMEOUT) and is closed");
            }
            Self::Unread => {
                limited!(
                    warn,
                    "a client does not read its answers (PLUGINS_WRITE_TIMEOUT); the connection is closed"
                );
            }
        }
    }
}

/// The stream as hyper has it, which keeps the clock.
pub(super) struct Connection {
    stream: SharedStream,
    clock: Arc<Clock>,
}

impl Connection {
    pub(super) fn new(stream: SharedStream, clock: Arc<Clock>) -> Self {
        Self { stream, clock }
    }

    fn wrote<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.clock.wrote(polled.is_ready());
        polled
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = self.stream.lock().poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.clock.read();
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.stream.lock().poll_flush(context);
        self.wrote(polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.stream.lock().poll_shutdown(context);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = self.stream.lock().poll_write(context, slices);
        if polled.is_ready() {
            self.clock.sent();
        }
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.lock().is_write_vectored()
    }
}
