//! One connection without envelopes: a frame in, its answer out, and then the next.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use tokio::{net::UnixStream, time::Instant};

mod guard;
mod wait;

use self::{
    guard::Guard,
    wait::{Event, Watch},
};
use super::{abandoned::Reason, end::End, envelope::EnvelopeConnection};
use crate::{
    codec::Encoding,
    dispatch::Dispatcher,
    limits::Limits,
    protocol::{
        bare::{Message, Request},
        error::ReportedError,
        frame::Front,
        plugin_config::Vocabulary,
        response,
    },
    repeated::limited,
    server::stop::Stop,
    stream::framed::Framed,
};

pub(super) struct Connection {
    framed: Framed,
    dispatcher: Arc<Dispatcher>,
    stop: Stop,
    opened: Instant,
    guard: Guard,
    watch: Watch,
}

impl Connection {
    pub(super) fn new(stream: UnixStream, dispatcher: Arc<Dispatcher>, stop: Stop) -> Self {
        Self {
            framed: Framed::new(stream, dispatcher.limits().max_message_size),
            dispatcher,
            stop,
            opened: Instant::now(),
            guard: Guard::default(),
            watch: Watch::default(),
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn serve(mut self) {
        match self.run().await {
            End::Envelope(first) => {
                let connection = EnvelopeConnection::new(self.framed, self.dispatcher, self.stop);
                connection.serve(&first).await;
            }
            end => end.record(),
        }
    }

    async fn run(&mut self) -> End {
        let mut drain = pin!(self.stop.clone().drains());
        let mut timer = pin!(tokio::time::sleep_until(self.idle_at()));
        loop {
            let answered = match self.framed.input.take() {
                Front::Frame(frame) => self.answer(&frame).await,
                Front::TooLarge { size, .. } => self.refuse(size).await,
                Front::NoFrame(size) => Err(End::NoFrame(size)),
                Front::Incomplete => Ok(()),
            };
            if let Err(end) = answered {
                return end;
            }
            if self.framed.input.at_end() || self.stop.is_draining() {
                // What has already arrived is still answered.
                match self.framed.read_now() {
                    Ok(true) => continue,
                    _ if self.framed.input.at_end() => return End::Closed,
                    _ => return End::Drained,
                }
            }
            let mut is_woken = false;
            let event = poll_fn(|task| {
                let event = self.poll(task, is_woken, drain.as_mut(), timer.as_mut());
                is_woken = true;
                event
            });
            match event.await {
                Event::Arrived(Ok(_)) => {}
                Event::Arrived(Err(error)) => return error.into(),
                Event::Drain => self.watch.is_set = false,
                Event::Timer => {
                    if Instant::now() >= self.idle_at() {
                        if self.framed.input.is_inside() {
                            limited!(warn, "a frame did not end in time");
                        }
                        return End::Idle;
                    }
                    timer.as_mut().reset(self.idle_at());
                    self.watch.is_set = false;
                }
            }
        }
    }

    /// Answers a request.
    async fn answer(&mut self, frame: &Bytes) -> Result<(), End> {
        let started = Instant::now();
        self.framed.last_progress = started;
        if self.dispatcher.paused_since(self.opened, started) {
            return Err(End::Abandoned(Reason::Pause));
        }
        let waited = self.dispatcher.stalled(started);
        let request = match Message::of(frame) {
            Message::Envelope => return Err(End::Envelope(frame.clone())),
            Message::Bare(request) => request,
        };
        self.no_further_request()?;
        let dispatcher = Arc::clone(&self.dispatcher);
        let mut answer = pin!(answer(&dispatcher, request));
        let message = poll_fn(|task| match answer.as_mut().poll(task) {
            Poll::Ready(message) => Poll::Ready(Ok(message)),
            Poll::Pending => self.poll_client(task).map(Err),
        })
        .await?;
        let limits = self.dispatcher.limits();
        let due = started + latest_answer(limits);
        let took = started.elapsed();
        if started + took > due {
            return Err(End::Abandoned(Reason::Deadline));
        }
        let is_overdue = took >= limits.call_timeout;
        self.send(message, took + waited, due).await?;
        // Its client may have given up on it.
        if is_overdue { Err(End::Closed) } else { Ok(()) }
    }

    /// Answers a request over the limit, which was not read.
    async fn refuse(&mut self, size: usize) -> Result<(), End> {
        let limits = self.dispatcher.limits();
        let limit = limits.max_message_size;
        let due = Instant::now() + latest_answer(limits);
        limited!(warn, "a request is larger than the limit"; size, limit);
        self.no_further_request()?;
        let error = ReportedError::request_too_large(size, limit);
        self.send(response::refusal(Encoding::Protobuf, error), Duration::ZERO, due)
            .await
    }

    /// Writes an answer to a request that may have come so long ago.
    async fn send(&mut self, message: Vec<u8>, took: Duration, due: Instant) -> Result<(), End> {
        if self.guard.is_needed(took, self.dispatcher.limits()) {
            return self.send_guarded(&message, due).await;
        }
        self.framed.put(message)?;
        self.flush(0, due).await
    }

    /// Writes an answer whose client may have given up on it: with padding in front, the last part of which a client takes
    /// from the socket only if it waits for an answer.
    async fn send_guarded(&mut self, message: &[u8], due: Instant) -> Result<(), End> {
        let buffer_size = guard::shrink_send_buffer(&self.framed.stream)?;
        guard::put(self.framed.output.buffer(), message);
        self.flush(guard::held_back(self.framed.output.len()), due)
            .await?;
        guard::restore_send_buffer(&self.framed.stream, buffer_size);
        // Who reads the padding waits for an answer: for this one, unless another request came before.
        if self.framed.read_now()? || !self.framed.input.is_empty() {
            return Err(End::Abandoned(Reason::NextRequest));
        }
        self.flush(0, due).await?;
        // Not kept for the next call, which may be a fast one.
        self.framed.output.clear();
        Ok(())
    }

    /// Writes all but this number of bytes.
    async fn flush(&mut self, held_back: usize, due: Instant) -> Result<(), End> {
        while !self.framed.write(held_back)? {
            let write_by = self.framed.last_progress + self.dispatcher.limits().write_timeout;
            let mut timer = pin!(tokio::time::sleep_until(due.min(write_by)));
            poll_fn(|task| {
                if let Poll::Ready(end) = self.poll_client(task) {
                    return Poll::Ready(Err(end));
                }
                if timer.as_mut().poll(task).is_ready() {
                    let is_late = Instant::now() >= due;
                    return Poll::Ready(Err(if is_late {
                        End::Abandoned(Reason::Deadline)
                    } else {
                        End::NotReading
                    }));
                }
                self.framed.stream.poll_write_ready(task).map(|_| Ok(()))
            })
            .await?;
        }
        Ok(())
    }

    /// A host sends a request when it has the answer to the one before, or when it has given up on it.
    fn no_further_request(&self) -> Result<(), End> {
        if self.framed.input.is_empty() {
            Ok(())
        } else {
            Err(End::Abandoned(Reason::NextRequest))
        }
    }

    /// When a connection without a complete request is closed.
    fn idle_at(&self) -> Instant {
        self.framed.last_progress + self.dispatcher.limits().idle_timeout
    }
}

async fn answer(dispatcher: &Dispatcher, request: Request) -> Vec<u8> {
    match request {
        Request::Invoke(request) => dispatcher.respond(request).await,
        // All hosts that fetch a configuration here only look whether there is one.
        Request::GetPluginConfig(name) => dispatcher.config_protobuf(name.as_str(), Vocabulary::Current),
        Request::GetPluginConfigs => dispatcher.configs_protobuf(Vocabulary::Current),
        Request::Unknown => response::refusal(Encoding::Protobuf, ReportedError::unknown_message()),
    }
}

/// How long after its request an answer may still be written. The deadline of the call and a little more, in which the error
/// that says so is sent.
fn latest_answer(limits: &Limits) -> Duration {
    limits.call_timeout + limits.call_timeout / 10 + Duration::from_millis(50)
}

/// The shortest timeout with which a host never takes a late answer for that to its next call.
#[cfg(feature = "cli")]
pub(crate) fn safe_timeout(limits: &Limits) -> Duration {
    let latest = latest_answer(limits);
    limits.late_answer_guard.map_or(latest, |guard| guard.min(latest))
}
