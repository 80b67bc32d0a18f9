//! One connection: frames in, answers out, in order.

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

mod wait;

use self::wait::{Event, Watch};
use super::{
    buffer,
    envelope::EnvelopeConnection,
    frame::{self, Frames, Front},
    request::Request,
};
use crate::{
    dispatch::{AnswerLimit, Dispatcher, Vocabulary, protobuf},
    limits::Limits,
    server::drain::Draining,
};

/// So much is read at once.
const READ_SIZE: usize = 16 * 1024;

/// No further call is begun while this much waits to be written.
const WRITE_BACKLOG: usize = 256 * 1024;

/// An answer of this size is not copied to the others.
const WRITTEN_AT_ONCE: usize = 16 * 1024;

pub(super) struct Connection {
    stream: UnixStream,
    dispatcher: Arc<Dispatcher>,
    draining: Draining,
    frames: Frames,
    input: BytesMut,
    output: BytesMut,
    /// By when the oldest answer in `output` must be written: a client that gave up on a call would take a later one for the
    /// answer to its next.
    answer_due: Option<Instant>,
    /// When the last request was complete, or the last part of an answer was written.
    last_progress: Instant,
    /// The client has sent all it will send.
    at_end: bool,
    opened: Instant,
    /// A call took all its time. Its client may have given up on it, so the connection ends with the answer.
    overdue: bool,
    watch: Watch,
}

/// Why a connection ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Closed,
    Drained,
    Late,
    Paused,
    GivenUp,
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
            answer_due: None,
            last_progress: Instant::now(),
            at_end: false,
            opened: Instant::now(),
            overdue: false,
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
            End::Idle => {
                tracing::debug!("a connection was idle for too long (PLUGINS_IDLE_TIMEOUT) and is closed");
            }
            End::Broken(error) => tracing::debug!(%error, "a connection broke"),
            End::Late => tracing::warn!(
                "an answer came after its deadline; the connection is closed, so that the answer is not taken for that to \
                 another call"
            ),
            End::Paused => tracing::warn!(
                "the process stood still for a while; the connection is closed, since its client may have given up on the \
                 request that it sent"
            ),
            End::GivenUp => tracing::warn!(
                "a call took longer than it may (PLUGINS_CALL_TIMEOUT), and its client has sent another request meanwhile; the \
                 connection is closed, so that the answer is not taken for that to the other request"
            ),
            End::NotReading => {
                tracing::warn!(
                    "a client does not read its answers (PLUGINS_WRITE_TIMEOUT); the connection is closed"
                );
            }
            End::NoFrame(size) => tracing::warn!(
                size,
                "the first bytes of a frame are a length that no frame has; the connection is closed"
            ),
        }
    }

    async fn run(&mut self) -> End {
        let mut drain = pin!(self.draining.clone().begun());
        let mut timer = pin!(tokio::time::sleep_until(self.wake_at()));
        loop {
            let answered_all = match self.answer_frames().await {
                Ok(answered_all) => answered_all,
                Err(end) => return end,
            };
            if let Err(end) = self.write() {
                return end;
            }
            if !answered_all && self.output.len() < WRITE_BACKLOG {
                continue;
            }
            if self.output.is_empty() && (self.at_end || self.draining.has_begun()) {
                // What has already arrived is still answered.
                match self.read() {
                    Ok(true) => continue,
                    _ if self.at_end => return End::Closed,
                    _ => return End::Drained,
                }
            }
            if !self.output.is_empty() && timer.deadline() > self.wake_at() {
                timer.as_mut().reset(self.wake_at());
                self.watch.is_set = false;
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
                Event::Writable => {}
                Event::Drain => self.watch.is_set = false,
                Event::Timer => {
                    if let Some(end) = self.expired() {
                        return end;
                    }
                    timer.as_mut().reset(self.wake_at());
                    self.watch.is_set = false;
                }
            }
        }
    }

    /// Answers the frames that have arrived, as long as there is room for answers. Returns whether that were all.
    async fn answer_frames(&mut self) -> Result<bool, End> {
        let dispatcher = Arc::clone(&self.dispatcher);
        while self.output.len() < WRITE_BACKLOG && !self.overdue {
            let message = match self.frames.take(&mut self.input) {
                Front::Frame(frame) => {
                    let started = Instant::now();
                    self.last_progress = started;
                    if dispatcher.paused_since(self.opened, started) {
                        return Err(End::Paused);
                    }
                    let request = match Request::of(&frame) {
                        Request::Envelope => return Err(End::Envelope(frame)),
                        request => request,
                    };
                    let mut answer = pin!(answer(&dispatcher, request));
                    let answer = match poll_fn(|task| Poll::Ready(answer.as_mut().poll(task))).await {
                        Poll::Ready(answer) => answer,
                        Poll::Pending => {
                            // Answers to earlier requests do not wait for this one.
                            self.write()?;
                            answer.await
                        }
                    };
                    let due = started + latest_answer(self.dispatcher.limits());
                    let now = Instant::now();
                    if now > due {
                        return Err(End::Late);
                    }
                    // A Python host sends a request when it has the answer to the one before, or when it has given up on it.
                    if now.duration_since(started) >= self.dispatcher.limits().call_timeout {
                        if self.read()? || !self.input.is_empty() {
                            return Err(End::GivenUp);
                        }
                        self.overdue = true;
                    }
                    self.answer_due.get_or_insert(due);
                    answer
                }
                Front::TooLarge { size, .. } => {
                    let limit = self.dispatcher.limits().max_message_size;
                    tracing::warn!(size, limit, "a request is larger than the limit");
                    self.answer_due
                        .get_or_insert(Instant::now() + latest_answer(self.dispatcher.limits()));
                    protobuf::request_too_large(size, limit)
                }
                Front::Incomplete => return Ok(true),
                Front::NoFrame(size) => return Err(End::NoFrame(size)),
            };
            self.put(message)?;
        }
        Ok(false)
    }

    /// Adds an answer to what is to be written. A large one goes to the socket from where it is.
    fn put(&mut self, message: Vec<u8>) -> Result<(), End> {
        if message.len() < WRITTEN_AT_ONCE || !self.output.is_empty() {
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
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                frame::put(&mut self.output, &message);
                Ok(())
            }
            Err(error) => Err(End::Broken(error.kind())),
        }
    }

    /// Writes what the socket takes.
    fn write(&mut self) -> Result<(), End> {
        while !self.output.is_empty() {
            match self.stream.try_write(&self.output) {
                Ok(0) => return Err(End::Closed),
                Ok(written) => {
                    self.output.advance(written);
                    self.last_progress = Instant::now();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(End::Broken(error.kind())),
            }
        }
        self.answer_due = None;
        if self.overdue {
            return Err(End::Closed);
        }
        buffer::give_back(&mut self.output);
        Ok(())
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

    fn note_read(&mut self, read: io::Result<usize>) -> Result<bool, End> {
        match read {
            Ok(0) => {
                self.at_end = true;
                if self.output.is_empty() {
                    Err(End::Closed)
                } else {
                    Ok(false)
                }
            }
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(End::Broken(error.kind())),
        }
    }

    /// When there may be nothing left to wait for.
    fn wake_at(&self) -> Instant {
        let limits = self.dispatcher.limits();
        match self.answer_due {
            Some(due) => due.min(self.last_progress + limits.write_timeout),
            None => self.last_progress + limits.idle_timeout,
        }
    }

    fn expired(&self) -> Option<End> {
        let now = Instant::now();
        if now < self.wake_at() {
            return None;
        }
        Some(match self.answer_due {
            Some(due) if now >= due => End::Late,
            Some(_) => End::NotReading,
            None => {
                if self.frames.is_inside(&self.input) {
                    tracing::warn!("a frame did not end in time");
                }
                End::Idle
            }
        })
    }
}

async fn answer(dispatcher: &Dispatcher, request: Request) -> Vec<u8> {
    match request {
        Request::Invoke(invocation) => {
            let limit = AnswerLimit::of_message(dispatcher.limits().max_message_size);
            dispatcher.invoke_protobuf(invocation, limit).await
        }
        // All hosts that fetch a configuration here only look whether there is one.
        Request::GetPluginConfig(name) => dispatcher.config_protobuf(name.as_str(), Vocabulary::Current),
        Request::GetPluginConfigs => dispatcher.configs_protobuf(Vocabulary::Current),
        Request::Envelope | Request::Unknown => protobuf::unknown_message(),
    }
}

/// How long after its request an answer may still be written. The deadline of the call and a little more, in which the error
/// that says so is sent.
fn latest_answer(limits: &Limits) -> Duration {
    limits.call_timeout + limits.call_timeout / 10 + Duration::from_millis(50)
}
