//! A connection on which a client sent an envelope: many calls at one time, answered as they finish (`docs/envelope.md`). It carries
//! nothing else from then on.

use std::{collections::HashMap, io, pin::pin, sync::Arc};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{Interest, Ready},
    net::UnixStream,
    task::{self, AbortHandle, JoinError, JoinSet},
    time::Instant,
};

use super::{buffer, connection::is_gone};
use crate::{
    codec::{Encoding, nesting::Nesting},
    dispatch::{AnswerLimit, Dispatcher},
    protocol::{
        envelope::{Envelope, Kind, OVERHEAD, put},
        error::ReportedError,
        frame::{Frames, Front},
        health,
        plugin_config::{self, Vocabulary},
        request::InvokeHookRequest,
        response,
    },
    repeated::limited,
    server::drain::Draining,
};

/// So much is read at once.
const READ_SIZE: usize = 64 * 1024;

/// While this much waits to be written, nothing is read, and answers wait where they are.
const WRITE_BACKLOG: usize = 256 * 1024;

pub(super) struct EnvelopeConnection {
    stream: UnixStream,
    dispatcher: Arc<Dispatcher>,
    draining: Draining,
    frames: Frames,
    input: BytesMut,
    output: BytesMut,
    calls: JoinSet<Answer>,
    /// The calls that run, by the id that the client gave them.
    running: HashMap<u64, AbortHandle>,
    last_progress: Instant,
    at_end: bool,
}

struct Answer {
    id: u64,
    message: Vec<u8>,
}

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    Closed,
    Drained,
    Idle,
    NotReading,
    NoFrame(usize),
    NoEnvelope,
    Broken(io::ErrorKind),
}

impl EnvelopeConnection {
    /// Takes over a connection with what was read and not answered, and what was not written.
    pub(super) fn new(
        stream: UnixStream,
        dispatcher: Arc<Dispatcher>,
        draining: Draining,
        input: BytesMut,
        output: BytesMut,
    ) -> Self {
        let frames = Frames::new(dispatcher.limits().max_message_size);
        Self {
            stream,
            dispatcher,
            draining,
            frames,
            input,
            output,
            calls: JoinSet::new(),
            running: HashMap::new(),
            last_progress: Instant::now(),
            at_end: false,
        }
    }

    /// Serves the connection, whose first envelope was read already, until it ends. Calls that run then are cancelled: there is
    /// nobody to answer to.
    pub(super) async fn serve(mut self, first: &Bytes) {
        let end = match self.take(first) {
            Ok(()) => self.run().await,
            Err(end) => end,
        };
        if matches!(end, End::Drained | End::Idle) {
            // The client may just have sent something that is not read any more.
            put(&mut self.output, 0, Kind::Closing, &[], None);
            let _ = self.write();
        }
        match end {
            End::Closed | End::Drained => {}
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
            End::NoEnvelope => limited!(
                warn,
                "a message without an envelope came after one with it, so that its answer could not be told from the others; \
                 the connection is closed"
            ),
        }
    }

    async fn run(&mut self) -> End {
        let mut drain = pin!(self.draining.clone().begun());
        let mut timer = pin!(tokio::time::sleep_until(self.wake_at()));
        loop {
            while self.output.len() < WRITE_BACKLOG
                && let Some(answer) = self.calls.try_join_next_with_id()
            {
                self.answer(answer);
            }
            let took_all = match self.take_frames() {
                Ok(took_all) => took_all,
                Err(end) => return end,
            };
            if let Err(end) = self.write() {
                return end;
            }
            if !took_all && self.output.len() < WRITE_BACKLOG {
                continue;
            }
            if self.output.is_empty() && self.calls.is_empty() && (self.at_end || self.draining.has_begun()) {
                // What has already arrived is still answered.
                match self.read() {
                    Ok(true) => continue,
                    Ok(false) if self.at_end => return End::Closed,
                    Ok(false) => return End::Drained,
                    Err(end) => return end,
                }
            }
            if timer.deadline() != self.wake_at() {
                timer.as_mut().reset(self.wake_at());
            }
            buffer::give_back(&mut self.input);
            let interest = self.interest();
            let may_answer = self.output.len() < WRITE_BACKLOG && !self.calls.is_empty();
            let ready = tokio::select! {
                biased;
                Some(answer) = self.calls.join_next_with_id(), if may_answer => {
                    self.answer(answer);
                    continue;
                }
                ready = ready(&self.stream, interest), if interest.is_some() => ready,
                () = &mut drain, if !self.draining.has_begun() => continue,
                () = &mut timer => {
                    if let Some(end) = self.expired() {
                        return end;
                    }
                    continue;
                }
            };
            if (ready.is_readable() || ready.is_read_closed())
                && !self.at_end
                && let Err(end) = self.read()
            {
                return end;
            }
        }
    }

    fn interest(&self) -> Option<Interest> {
        let may_read = !self.at_end && self.output.len() < WRITE_BACKLOG;
        match (may_read, self.output.is_empty()) {
            (true, true) => Some(Interest::READABLE),
            (true, false) => Some(Interest::READABLE | Interest::WRITABLE),
            (false, false) => Some(Interest::WRITABLE),
            (false, true) => None,
        }
    }

    /// Begins what has arrived, as long as there is room for answers. Returns whether that was all.
    fn take_frames(&mut self) -> Result<bool, End> {
        while self.output.len() < WRITE_BACKLOG {
            match self.frames.take(&mut self.input) {
                Front::Frame(message) => self.take(&message)?,
                Front::TooLarge { size, head } => self.refuse_too_large(size, &head)?,
                Front::Incomplete => return Ok(true),
                Front::NoFrame(size) => return Err(End::NoFrame(size)),
            }
            self.last_progress = Instant::now();
        }
        Ok(false)
    }

    /// Begins what a message asks for.
    fn take(&mut self, message: &Bytes) -> Result<(), End> {
        let envelope = match Envelope::read_request(message) {
            Ok(Some(envelope)) => envelope,
            Ok(None) => return Err(End::NoEnvelope),
            Err(error) => {
                limited!(warn, "a message is not protobuf"; %error);
                return Err(End::NoEnvelope);
            }
        };
        let id = envelope.id;
        match envelope.content {
            Some((Kind::InvokeHook, request)) => self.call(id, &request),
            Some((Kind::GetPluginConfig, request)) => {
                let Ok(name) = plugin_config::read_request(&request) else {
                    self.refuse(id, &ReportedError::unknown_message());
                    return Ok(());
                };
                let answer = self
                    .dispatcher
                    .config_protobuf(name.as_str(), Vocabulary::Current);
                put(&mut self.output, id, Kind::GetPluginConfig, &answer, None);
            }
            Some((Kind::GetPluginConfigs, _)) => {
                let answer = self.dispatcher.configs_protobuf(Vocabulary::Current);
                put(&mut self.output, id, Kind::GetPluginConfigs, &answer, None);
            }
            Some((Kind::Health, _)) => {
                let max_in_flight = self.dispatcher.limits().max_calls_in_flight as u64;
                let answer = health::write(!self.draining.has_begun());
                put(&mut self.output, id, Kind::Health, &answer, Some(max_in_flight));
            }
            Some((Kind::Cancel, _)) => {
                if let Some(call) = self.running.remove(&id) {
                    call.abort();
                }
            }
            Some((Kind::Error | Kind::Closing, _)) | None => {
                self.refuse(id, &ReportedError::unknown_message());
            }
        }
        Ok(())
    }

    fn call(&mut self, id: u64, request: &Bytes) {
        if self.draining.has_begun() {
            return self.refuse(id, &ReportedError::stopping());
        }
        if self.running.contains_key(&id) {
            return self.refuse(id, &ReportedError::busy("a call with this id runs already"));
        }
        let limit = self.dispatcher.limits().max_calls_in_flight;
        if self.running.len() >= limit {
            limited!(warn, "a connection has too many calls at one time (PLUGINS_MAX_CALLS_IN_FLIGHT)"; limit);
            let message =
                format!("the connection has {limit} calls at one time (PLUGINS_MAX_CALLS_IN_FLIGHT)");
            return self.refuse(id, &ReportedError::busy(&message));
        }
        let request = match InvokeHookRequest::read(request) {
            Ok(request) => request,
            Err(error) => {
                limited!(warn, "a request is not protobuf"; %error);
                return self.refuse(id, &ReportedError::unknown_message());
            }
        };
        let dispatcher = Arc::clone(&self.dispatcher);
        let size = dispatcher.limits().max_message_size.saturating_sub(OVERHEAD);
        // Every call is a task: those of one connection use all threads.
        let task = self.calls.spawn(async move {
            let limit = AnswerLimit::of_message(size);
            let message = dispatcher.respond_within(limit, request).await;
            Answer { id, message }
        });
        self.running.insert(id, task);
    }

    fn answer(&mut self, ended: Result<(task::Id, Answer), JoinError>) {
        let (task, Answer { id, message }) = match ended {
            Ok(answered) => answered,
            Err(error) => {
                let task = error.id();
                let is_it = |(id, call): (&u64, &AbortHandle)| (call.id() == task).then_some(*id);
                // One that was cancelled is not there any more.
                let Some(id) = self.running.iter().find_map(is_it) else {
                    return;
                };
                limited!(error, "a call ended without an answer"; %error);
                let message = response::refusal(Encoding::Protobuf, ReportedError::no_answer());
                (task, Answer { id, message })
            }
        };
        // Nobody waits for a call that was cancelled, even where its id stands for another call now.
        if self.running.get(&id).is_some_and(|running| running.id() == task) {
            self.running.remove(&id);
            put(&mut self.output, id, Kind::InvokeHook, &message, None);
            self.last_progress = Instant::now();
        }
    }

    fn refuse(&mut self, id: u64, error: &ReportedError) {
        let mut message = Vec::new();
        error.write(&mut message, Nesting::DEFAULT.levels);
        put(&mut self.output, id, Kind::Error, &message, None);
    }

    fn refuse_too_large(&mut self, size: usize, head: &[u8]) -> Result<(), End> {
        let limit = self.dispatcher.limits().max_message_size;
        limited!(warn, "a request is larger than the limit"; size, limit);
        let id = Envelope::id_at_front(head).ok_or(End::NoEnvelope)?;
        self.refuse(id, &ReportedError::request_too_large(size, limit));
        Ok(())
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
        buffer::give_back(&mut self.output);
        Ok(())
    }

    /// Reads what the socket has. Returns whether there was anything.
    fn read(&mut self) -> Result<bool, End> {
        buffer::give_back(&mut self.input);
        self.input.reserve(READ_SIZE);
        match self.stream.try_read_buf(&mut self.input) {
            Ok(0) => {
                self.at_end = true;
                while let Some(answer) = self.calls.try_join_next_with_id() {
                    self.answer(answer);
                }
                // A client that only ends its side still reads its answers. One that closes the connection gives up its calls.
                if is_gone(&self.stream) {
                    self.calls = JoinSet::new();
                    self.running.clear();
                }
                Ok(false)
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

    /// When there may be nothing left to wait for. Calls that run end by themselves.
    fn wake_at(&self) -> Instant {
        let limits = self.dispatcher.limits();
        let patience = match (self.output.is_empty(), self.calls.is_empty()) {
            (false, _) => limits.write_timeout,
            (true, false) => limits.call_timeout.max(limits.idle_timeout),
            (true, true) => limits.idle_timeout,
        };
        self.last_progress + patience
    }

    fn expired(&mut self) -> Option<End> {
        if Instant::now() < self.wake_at() {
            return None;
        }
        if !self.output.is_empty() {
            return Some(End::NotReading);
        }
        if self.calls.is_empty() {
            return Some(End::Idle);
        }
        self.last_progress = Instant::now();
        None
    }
}

async fn ready(stream: &UnixStream, interest: Option<Interest>) -> Ready {
    match interest {
        Some(interest) => stream.ready(interest).await.unwrap_or(Ready::EMPTY),
        None => Ready::EMPTY,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{io::AsyncReadExt, time::timeout};

    use super::*;
    use crate::{prelude::*, server::drain::Drain};

    #[plugin(hooks = [tool_pre_invoke])]
    #[derive(Default)]
    struct Allowing;

    impl Allowing {
        async fn tool_pre_invoke(
            &self,
            _: ToolPreInvokePayload,
            _: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            Ok(PluginResult::allow())
        }
    }

    #[tokio::test]
    async fn a_call_whose_task_panics_is_answered_and_its_place_is_free() {
        let (stream, mut client) = UnixStream::pair().unwrap();
        let dispatcher = Arc::new(Dispatcher::of_plugin(Allowing).unwrap());
        let (_drain, draining) = Drain::new();
        let (input, output) = (BytesMut::new(), BytesMut::new());
        let mut connection = EnvelopeConnection::new(stream, dispatcher, draining, input, output);
        let task = connection.calls.spawn(async { panic!("not in a hook") });
        connection.running.insert(7, task);

        let mut input = BytesMut::new();
        let mut frames = Frames::new(1000);
        let answered = async {
            loop {
                client.read_buf(&mut input).await.unwrap();
                if let Front::Frame(answer) = frames.take(&mut input) {
                    return Envelope::read(&answer).unwrap().unwrap();
                }
            }
        };
        let answer = tokio::select! {
            answer = timeout(Duration::from_secs(20), answered) => answer.expect("no answer"),
            end = connection.run() => panic!("{end:?}"),
        };
        let expected = (
            Kind::InvokeHook,
            response::refusal(Encoding::Protobuf, ReportedError::no_answer()).into(),
        );
        assert_eq!((answer.id, answer.content), (7, Some(expected)));
        assert!(connection.running.is_empty());
    }
}
