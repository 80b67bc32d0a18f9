//! Counting the requests that are being answered, so that a server that stops can wait for them.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;

use super::{clock::Clock, reply::Body};

/// The requests that are being answered. `Clone` is cheap.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// So many requests, twice; and one more once no further request begins.
    count: AtomicUsize,
    /// The last request has ended.
    none: Notify,
}

const ONE: usize = 2;
const CLOSED: usize = 1;

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(super) struct RunningRequest(Running);

impl Running {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Notes a request; nothing if the server has ended.
    pub(super) fn begin(&self) -> Option<RunningRequest> {
        let begins = |count: usize| (count & CLOSED == 0).then_some(count + ONE);
        let count = &self.0.count;
        count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, begins)
            .ok()
            .map(|_| RunningRequest(self.clone()))
    }

    /// Waits until none is left. From that instant on none begins, as it would be broken off; nor does one when this is given up.
    pub(super) async fn ended(&self) {
        let _closing = Closing(self);
        let State { count, none } = &*self.0;
        while let Err(count) = count.compare_exchange(0, CLOSED, Ordering::AcqRel, Ordering::Acquire) {
            if count == CLOSED {
                return;
            }
            // Whoever was the last in between has left word.
            none.notified().await;
        }
    }
}

/// No further request begins when this is dropped.
struct Closing<'a>(&'a Running);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.0.count.fetch_or(CLOSED, Ordering::AcqRel);
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        let State { count, none } = &*self.0.0;
        if count.fetch_sub(ONE, Ordering::AcqRel) / ONE == 1 {
            none.notify_one();
        }
    }
}

/// The body of an answer: its request runs until all of it is written.
pub(super) struct RunningBody {
    body: Body,
    /// `None` for one that is not waited for.
    request: Option<RunningRequest>,
    clock: Arc<Clock>,
}

impl RunningBody {
    pub(super) fn new(body: Body, request: Option<RunningRequest>, clock: Arc<Clock>) -> Self {
        Self { body, request, clock }
    }
}

impl Drop for RunningBody {
    fn drop(&mut self) {
        self.clock.idle();
    }
}

impl HttpBody for RunningBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) {
            self.request = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
