//! One connection without envelopes: a frame in, its answer out, and then the next.

use std::{
    future::poll_fn,
    io::{self, IoSlice, Read},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use socket2::SockRef;
use tokio::{net::UnixStream, time::Instant};

mod abandoned;
mod guard;
mod wait;

use self::{
    abandoned::Reason,
    guard::Guard,
    wait::{Event, Watch},
};
use super::{buffer, envelope::EnvelopeConnection};
use crate::{
    codec::Encoding,
    dispatch::Dispatcher,
    limits::Limits,
    protocol::{
        bare::Request,
        error::ReportedError,
        frame::{self, Frames, Front},
        plugin_config::Vocabulary,
        response,
    },
    repeated::limited,
    server::drain::Draining,
};

pub(super) use self::{abandoned::announce, wait::is_gone};

/// Bytes read from the socket at once.
const READ_SIZE: usize = 16 * 1024;

/// An answer of at least this size goes to the socket without a copy.
const WRITTEN_AT_ONCE: usize = 16 * 1024;

pub(super) struct Connection {
    stream: UnixStream,
    dispatcher: Arc<Dispatcher>,
    draining: Draining,
    frames: Frames,
    input: BytesMut,
    output: BytesMut,
    /// When the last request was complete, or the last part of an answer was written.
    last_progress: Instant,
    /// The client has sent all it will send.
    at_end: bool,
    opened: Instant,
    guard: Guard,
    watch: Watch,
}

/// Why a connection ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Closed,
    Drained,
    /// Nobody waits for the answer any more, or that is not certain.
    Abandoned(Reason),
    Idle,
    NotReading,
    NoFrame(usize),
    Broken(io::ErrorKind),
    /// The client sent this envelope, and the connection goes on as one for those.
    Envelope(Bytes),
}

impl Connection {
    pub(super) fn new(stream: UnixStream, dispatcher: Arc<Dispatcher>, draining: Draining) -> Self {
        let frames = Frames::new(dispatcher.limits().max_message_size);
        Self {
            stream,
            dispatcher,
            draining,
            frames,
            input: BytesMut::new(),
            output: BytesMut::new(),
            last_progress: Instant::now(),
            at_end: false,
            opened: Instant::now(),
            guard: Guard::default(),
            watch: Watch::default(),
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn serve(mut self) {
        match self.run().await {
            End::Closed | End::Drained => {}
            End::Envelope(first) => {
                let connection = EnvelopeConnection::new(
                    self.stream,
                    self.dispatcher,
                    self.draining,
                    self.input,
                    self.output,
                );
                connection.serve(&first).await;
            }
            End::Abandoned(reason) => reason.record(),
            End::Idle => {
                tracing::debug!("a connection was idle for too long (PLUGINS_IDLE_TIMEOUT) and is closed");
            }
            End::Broken(error) => tracing::debug!(%error, "a connection broke"),
            End::NotReading => {
                limited!(
                    warn,
                    "a client does not read its answers (PLUGINS_WRITE_TIMEOUT); the connection is closed"
                );
            }
            End::NoFrame(size) => {
                limited!(warn, "the first bytes of a frame are a length that no frame has; the connection is closed"; size);
            }
        }
    }

    async fn run(&mut self) -> End {
        let mut drain = pin!(self.draining.clone().begun());
        let mut timer = pin!(tokio::time::sleep_until(self.idle_at()));
        loop {
            let answered = match self.frames.take(&mut self.input) {
                Front::Frame(frame) => self.answer(&frame).await,
                Front::TooLarge { size, .. } => self.refuse(size).await,
                Front::NoFrame(size) => Err(End::NoFrame(size)),
                Front::Incomplete => Ok(()),
            };
            if let Err(end) = answered {
                return end;
            }
            if self.at_end || self.draining.has_begun() {
                // What has already arrived is still answered.
                match self.read() {
                    Ok(true) => continue,
                    _ if self.at_end => return End::Closed,
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
                Event::Arrived(read) => {
                    if let Err(end) = self.note_read(read) {
                        return end;
                    }
                }
                Event::Drain => self.watch.is_set = false,
                Event::Timer => {
                    if Instant::now() >= self.idle_at() {
                        if self.frames.is_inside(&self.input) {
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
        self.last_progress = started;
        if self.dispatcher.paused_since(self.opened, started) {
            return Err(End::Abandoned(Reason::Pause));
        }
        let waited = self.dispatcher.stalled(started);
        let request = match Request::of(frame) {
            Request::Envelope => return Err(End::Envelope(frame.clone())),
            request => request,
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
        self.put(message)?;
        self.flush(0, due).await
    }

    /// Writes an answer whose client may have given up on it: with padding in front, the last part of which nobody takes from
    /// the socket who does not wait for an answer.
    async fn send_guarded(&mut self, message: &[u8], due: Instant) -> Result<(), End> {
        let buffer_size =
            guard::shrink_send_buffer(&self.stream).map_err(|error| End::Broken(error.kind()))?;
        guard::put(&mut self.output, message);
        self.flush(guard::held_back(self.output.len()), due).await?;
        guard::restore_send_buffer(&self.stream, buffer_size);
        // Who reads the padding waits for an answer: for this one, unless another request came before.
        if self.read()? || !self.input.is_empty() {
            return Err(End::Abandoned(Reason::NextRequest));
        }
        self.flush(0, due).await?;
        // Not kept for the next call, which may be a fast one.
        self.output = BytesMut::new();
        Ok(())
    }

    /// Adds an answer to what is to be written. A large one goes to the socket from where it is.
    fn put(&mut self, message: Vec<u8>) -> Result<(), End> {
        if message.len() < WRITTEN_AT_ONCE {
            frame::put(&mut self.output, &message);
            return Ok(());
        }
        let prefix = frame::prefix(message.len());
        match self
            .stream
            .try_write_vectored(&[IoSlice::new(&prefix), IoSlice::new(&message)])
        {
            Ok(0) => Err(End::Closed),
            Ok(written) => {
                self.last_progress = Instant::now();
                let mut rest = Bytes::from(message);
                let Some(of_message) = written.checked_sub(prefix.len()) else {
                    self.output.put_slice(prefix.get(written..).unwrap_or_default());
                    self.output.put_slice(&rest);
                    return Ok(());
                };
                rest.advance(of_message.min(rest.len()));
                self.output = rest.try_into_mut().unwrap_or_else(|rest| rest[..].into());
                Ok(())
            }
            Err(error) if is_for_later(&error) => {
                frame::put(&mut self.output, &message);
                Ok(())
            }
            Err(error) => Err(End::Broken(error.kind())),
        }
    }

    /// Writes all but so many bytes.
    async fn flush(&mut self, held_back: usize, due: Instant) -> Result<(), End> {
        while !self.write(held_back)? {
            let write_by = self.last_progress + self.dispatcher.limits().write_timeout;
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
                self.stream.poll_write_ready(task).map(|_| Ok(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Writes what the socket takes, and returns whether no more than so many bytes are left.
    fn write(&mut self, held_back: usize) -> Result<bool, End> {
        while let Some(now @ 1..) = self.output.len().checked_sub(held_back) {
            match self.stream.try_write(&self.output[..now]) {
                Ok(0) => return Err(End::Closed),
                Ok(written) => {
                    self.output.advance(written);
                    self.last_progress = Instant::now();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(End::Broken(error.kind())),
            }
        }
        buffer::give_back(&mut self.output);
        Ok(true)
    }

    /// A host sends a request when it has the answer to the one before, or when it has given up on it.
    fn no_further_request(&self) -> Result<(), End> {
        if self.input.is_empty() {
            Ok(())
        } else {
            Err(End::Abandoned(Reason::NextRequest))
        }
    }

    /// Reads what the socket has right now, whatever the runtime knows of it. Returns whether there was anything.
    fn read(&mut self) -> Result<bool, End> {
        self.make_room();
        let mut some = [0; 4096];
        let read = (&*SockRef::from(&self.stream)).read(&mut some);
        self.input
            .put_slice(some.get(..*read.as_ref().unwrap_or(&0)).unwrap_or_default());
        self.note_read(read)
    }

    fn make_room(&mut self) {
        buffer::give_back(&mut self.input);
        // The length in front of a frame reserves nothing: the buffer grows with what has really arrived.
        self.input.reserve(READ_SIZE);
    }

    /// Returns whether something arrived.
    fn note_read(&mut self, read: io::Result<usize>) -> Result<bool, End> {
        match read {
            Ok(0) => {
                self.at_end = true;
                Ok(false)
            }
            Ok(_) => Ok(true),
            Err(error) if is_for_later(&error) => Ok(false),
            Err(error) => Err(End::Broken(error.kind())),
        }
    }

    /// When a connection without a complete request is closed.
    fn idle_at(&self) -> Instant {
        self.last_progress + self.dispatcher.limits().idle_timeout
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

async fn answer(dispatcher: &Dispatcher, request: Request) -> Vec<u8> {
    match request {
        Request::Invoke(request) => dispatcher.respond(request).await,
        // All hosts that fetch a configuration here only look whether there is one.
        Request::GetPluginConfig(name) => dispatcher.config_protobuf(name.as_str(), Vocabulary::Current),
        Request::GetPluginConfigs => dispatcher.configs_protobuf(Vocabulary::Current),
        Request::Envelope | Request::Unknown => {
            response::refusal(Encoding::Protobuf, ReportedError::unknown_message())
        }
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
