//! A request body that has to arrive in time.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::{Status, codegen::StdError};

/// A body that fails when it takes too long: a client that stops half-way would hold what it sent for as long as it likes.
pub(super) struct TimedBody<B> {
    body: B,
    limit: Duration,
    /// What sets the limit, which the error names.
    setting: &'static str,
    /// Made when there is something to wait for; most bodies are there at once.
    over: Option<Pin<Box<Sleep>>>,
}

impl<B> TimedBody<B> {
    pub(super) fn new(body: B, limit: Duration, setting: &'static str) -> Self {
        Self {
            body,
            limit,
            setting,
            over: None,
        }
    }
}

impl<B: Body + Unpin> Body for TimedBody<B>
where
    B::Error: Into<StdError>,
{
    type Data = B::Data;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, StdError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = self.limit;
        let over = self.over.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(over.as_mut().poll(context));
        let message = format!(
            "the request did not arrive within {} s ({})",
            limit.as_secs_f64(),
            self.setting
        );
        tracing::warn!("{message}");
        Poll::Ready(Some(Err(Status::deadline_exceeded(message).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
