//! The stream of a connection, which breaks off when its client takes too long: with a request, with nothing at all, or with taking
//! an answer.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use crate::server::{incoming::Arrived, listener::Duplex};

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

/// What a connection waits for. The server says when a request has come and when it is answered; the rest shows in the bytes.
#[derive(Debug, Default)]
pub(super) struct Phase(AtomicU8);

const HEAD: u8 = 0;
const REQUEST: u8 = 1;
const IDLE: u8 = 2;

impl Phase {
    /// A request has come. What it takes is bounded elsewhere.
    pub(super) fn request(&self) {
        self.0.store(REQUEST, Ordering::Relaxed);
    }

    /// The request is answered.
    pub(super) fn idle(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The stream with its bounds.
pub(super) struct Connection {
    arrived: Arrived,
    phase: Arc<Phase>,
    timeouts: Timeouts,
    reading: Timer,
    writing: Timer,
}

/// A timer that is only set while there is something to wait for.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Since when, and in which phase.
    began: Option<(Instant, u8)>,
}

impl Timer {
    fn stop(&mut self) {
        self.began = None;
    }

    /// Whether it has been waited in this phase for longer than `limit`.
    fn is_over(&mut self, phase: u8, limit: Duration, context: &mut Context<'_>) -> bool {
        let now = Instant::now();
        let began = match self.began {
            Some((began, in_phase)) if in_phase == phase => began,
            _ => {
                self.began = Some((now, phase));
                now
            }
        };
        let Some(end) = began.checked_add(limit) else {
            return false;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if sleep.deadline() != end {
            sleep.as_mut().reset(end);
        }
        sleep.as_mut().poll(context).is_ready()
    }
}

impl Connection {
    pub(super) fn new(arrived: Arrived, timeouts: Timeouts) -> (Self, Arc<Phase>) {
        let phase = Arc::new(Phase::default());
        let connection = Self {
            arrived,
            phase: Arc::clone(&phase),
            timeouts,
            reading: Timer::default(),
            writing: Timer::default(),
        };
        (connection, phase)
    }

    fn write<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Box<dyn Duplex>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let polled = write(Pin::new(&mut self.arrived.stream), context);
        if polled.is_ready() {
            self.writing.stop();
        } else if self.writing.is_over(REQUEST, self.timeouts.write, context) {
            tracing::warn!(
                "a client does not take its answer for {} s (PLUGINS_WRITE_TIMEOUT) and is cut off",
                self.timeouts.write.as_secs_f64()
            );
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.arrived.stream).poll_read(context, buffer);
        let phase = this.phase.get();
        if polled.is_ready() {
            if phase == IDLE && buffer.filled().len() > before {
                // The next request begins.
                this.phase.0.store(HEAD, Ordering::Relaxed);
            }
            return polled;
        }
        let (limit, what) = match phase {
            HEAD => (this.timeouts.head, "the head of a request takes too long"),
            IDLE => (this.timeouts.idle, "a connection is idle for too long"),
            _ => {
                this.reading.stop();
                return Poll::Pending;
            }
        };
        if this.reading.is_over(phase, limit, context) {
            tracing::debug!("{what}, and the connection is closed");
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(context, |stream, context| stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(context, |stream, context| stream.poll_shutdown(context))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| {
            stream.poll_write_vectored(context, slices)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.arrived.stream.is_write_vectored()
    }
}
