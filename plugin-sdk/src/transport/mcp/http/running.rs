//! Counting the requests that are being answered, so that a server that stops can wait for them.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::watch;

use super::{connection::Clock, reply::Body};

/// The requests that are being answered. `Clone` is cheap.
#[derive(Clone, Debug)]
pub(super) struct Running(Arc<watch::Sender<State>>);

#[derive(Debug, Default)]
struct State {
    count: usize,
    /// No further request begins.
    closed: bool,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(super) struct RunningRequest(Running);

impl Running {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(State::default())))
    }

    /// Notes a request; nothing if the server has ended.
    pub(super) fn begin(&self) -> Option<RunningRequest> {
        let begins = self.0.send_if_modified(|state| {
            if !state.closed {
                state.count += 1;
            }
            !state.closed
        });
        begins.then(|| RunningRequest(self.clone()))
    }

    /// Waits until none is left. In the same instant it is made sure that none begins any more: it would be broken off.
    pub(super) async fn ended(&self) {
        let mut state = self.0.subscribe();
        let closes = |state: &mut State| {
            state.closed |= state.count == 0;
            state.closed
        };
        while !self.0.send_if_modified(closes) {
            // It fails only if the sender is gone, which is here.
            let _ = state.changed().await;
        }
    }

    /// No further request begins.
    pub(super) fn close(&self) {
        self.0.send_modify(|state| state.closed = true);
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.count -= 1);
    }
}

/// A body that is part of the answer to a request: a stream of events still runs after its first byte.
pub(super) struct RunningBody {
    body: Body,
    /// `None` for a stream that is not waited for.
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
