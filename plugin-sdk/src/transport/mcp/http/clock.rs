//! The clock of a connection: a client may take so long for a request, for nothing at all, and for taking an answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

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
/// A connection has no timer of its own to set and clear with every request: it notes the time, and a timer looks at it now
/// and then.
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
    pub(super) fn read(&self) {
        if self.phase.load(Ordering::Acquire) == IDLE {
            self.enter(HEAD);
        }
    }

    /// A client that still takes its answer is not idle, although the last of it has been handed over.
    pub(super) fn sent(&self) {
        if self.phase.load(Ordering::Acquire) == IDLE {
            self.since.store(self.now(), Ordering::Relaxed);
        }
    }

    pub(super) fn wrote(&self, has_progress: bool) {
        let is_stuck = self.stuck.load(Ordering::Relaxed) > 0;
        match (has_progress, is_stuck) {
            (true, true) => self.stuck.store(0, Ordering::Relaxed),
            (false, false) => self.stuck.store(self.now().max(1), Ordering::Relaxed),
            _ => {}
        }
    }

    /// Waits until the client has taken too long for something.
    pub(super) async fn overdue(&self, timeouts: Timeouts) {
        // Whatever begins to be awaited while this sleeps has at least this time.
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
