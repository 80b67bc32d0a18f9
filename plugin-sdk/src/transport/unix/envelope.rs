//! A connection on which a client sent an envelope: many calls at one time, answered as they finish (`docs/envelope.md`). It carries
//! nothing else from then on.

use std::{collections::HashMap, future::poll_fn, pin::pin, sync::Arc};

use bytes::Bytes;
use tokio::{
    task::{self, AbortHandle, JoinError, JoinSet},
    time::Instant,
};

use super::end::End;
use crate::{
    codec::{Encoding, nesting::Nesting},
    dispatch::{AnswerLimit, Dispatcher},
    protocol::{
        envelope::{Envelope, Kind, OVERHEAD, put},
        error::ReportedError,
        frame::Front,
        health,
        plugin_config::{self, Vocabulary},
        request::InvokeHookRequest,
        response,
    },
    repeated::limited,
    server::stop::Stop,
    stream::framed::Framed,
};

/// While this much waits to be written, nothing is read, and answers wait where they are.
const WRITE_BACKLOG: usize = 256 * 1024;

pub(super) struct EnvelopeConnection {
    framed: Framed,
    dispatcher: Arc<Dispatcher>,
    stop: Stop,
    calls: JoinSet<Answer>,
    /// The calls that run, by the id that the client gave them.
    running: HashMap<u64, AbortHandle>,
}

struct Answer {
    id: u64,
    message: Vec<u8>,
}

impl EnvelopeConnection {
    /// Takes over a connection with what was read and not answered, and what was not written.
    pub(super) fn new(mut framed: Framed, dispatcher: Arc<Dispatcher>, stop: Stop) -> Self {
        framed.input.expect_many();
        framed.last_progress = Instant::now();
        Self {
            framed,
            dispatcher,
            stop,
            calls: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    /// Serves the connection, whose first envelope was read already, until it ends. Calls that run then are cancelled: there is
    /// no one to answer to.
    pub(super) async fn serve(mut self, first: &Bytes) {
        let end = match self.take(first) {
            Ok(()) => self.run().await,
            Err(end) => end,
        };
        if matches!(end, End::Drained | End::Idle) {
            // The client may just have sent something that is not read any more.
            self.put(0, Kind::Closing, &[], None);
            let _ = self.framed.write(0);
        }
        end.record();
    }

    async fn run(&mut self) -> End {
        let mut drain = pin!(self.stop.clone().drains());
        let mut timer = pin!(tokio::time::sleep_until(self.wake_at()));
        loop {
            while self.has_room()
                && let Some(answer) = self.calls.try_join_next_with_id()
            {
                self.answer(answer);
            }
            let took_all = match self.take_frames() {
                Ok(took_all) => took_all,
                Err(end) => return end,
            };
            if let Err(error) = self.framed.write(0) {
                return error.into();
            }
            if !took_all && self.has_room() {
                continue;
            }
            let at_end = self.framed.input.at_end();
            if self.framed.output.is_empty() && self.calls.is_empty() && (at_end || self.stop.is_draining()) {
                // What has already arrived is still answered.
                match self.framed.read_now() {
                    Ok(true) => continue,
                    Ok(false) if self.framed.input.at_end() => return End::Closed,
                    Ok(false) => return End::Drained,
                    Err(error) => return error.into(),
                }
            }
            if timer.deadline() != self.wake_at() {
                timer.as_mut().reset(self.wake_at());
            }
            let has_room = self.has_room();
            tokio::select! {
                biased;
                Some(answer) = self.calls.join_next_with_id(), if has_room && !self.calls.is_empty() => self.answer(answer),
                moved = poll_fn(|task| self.framed.poll_either(task, has_room)) => {
                    if let Err(error) = moved {
                        return error.into();
                    }
                    if self.framed.input.at_end() && !at_end {
                        self.ended();
                    }
                }
                () = &mut drain, if !self.stop.is_draining() => {}
                () = &mut timer => {
                    if let Some(end) = self.expired() {
                        return end;
                    }
                }
            }
        }
    }

    /// While there is none, nothing is read, and answers wait where they are.
    fn has_room(&self) -> bool {
        self.framed.output.len() < WRITE_BACKLOG
    }

    /// The client sends nothing more.
    fn ended(&mut self) {
        while let Some(answer) = self.calls.try_join_next_with_id() {
            self.answer(answer);
        }
        // One that only ends its side still reads its answers. One that closes the connection gives up its calls.
        if self.framed.is_gone() {
            self.calls = JoinSet::new();
            self.running.clear();
        }
    }

    /// Begins what has arrived, as long as there is room for answers. Returns whether that was all.
    fn take_frames(&mut self) -> Result<bool, End> {
        while self.has_room() {
            match self.framed.input.take() {
                Front::Frame(message) => self.take(&message)?,
                Front::TooLarge { size, head } => self.refuse_too_large(size, &head)?,
                Front::Incomplete => return Ok(true),
                Front::NoFrame(size) => return Err(End::NoFrame(size)),
            }
            self.framed.last_progress = Instant::now();
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
                self.put(id, Kind::GetPluginConfig, &answer, None);
            }
            Some((Kind::GetPluginConfigs, _)) => {
                let answer = self.dispatcher.configs_protobuf(Vocabulary::Current);
                self.put(id, Kind::GetPluginConfigs, &answer, None);
            }
            Some((Kind::Health, _)) => {
                let max_in_flight = self.dispatcher.limits().max_calls_in_flight as u64;
                let answer = health::write(!self.stop.is_draining());
                self.put(id, Kind::Health, &answer, Some(max_in_flight));
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
        if self.stop.is_draining() {
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
        // No caller waits for a call that was cancelled, even where its id stands for another call now.
        if self.running.get(&id).is_some_and(|running| running.id() == task) {
            self.running.remove(&id);
            self.put(id, Kind::InvokeHook, &message, None);
            self.framed.last_progress = Instant::now();
        }
    }

    fn refuse(&mut self, id: u64, error: &ReportedError) {
        let mut message = Vec::new();
        error.write(&mut message, Nesting::DEFAULT.levels);
        self.put(id, Kind::Error, &message, None);
    }

    fn put(&mut self, id: u64, kind: Kind, message: &[u8], max_in_flight: Option<u64>) {
        put(self.framed.output.buffer(), id, kind, message, max_in_flight);
    }

    fn refuse_too_large(&mut self, size: usize, head: &[u8]) -> Result<(), End> {
        let limit = self.dispatcher.limits().max_message_size;
        limited!(warn, "a request is larger than the limit"; size, limit);
        let id = Envelope::id_at_front(head).ok_or(End::NoEnvelope)?;
        self.refuse(id, &ReportedError::request_too_large(size, limit));
        Ok(())
    }

    /// When there may be nothing left to wait for. Calls that run end by themselves.
    fn wake_at(&self) -> Instant {
        let limits = self.dispatcher.limits();
        let patience = match (self.framed.output.is_empty(), self.calls.is_empty()) {
            (false, _) => limits.write_timeout,
            (true, false) => limits.call_timeout.max(limits.idle_timeout),
            (true, true) => limits.idle_timeout,
        };
        self.framed.last_progress + patience
    }

    fn expired(&mut self) -> Option<End> {
        if Instant::now() < self.wake_at() {
            return None;
        }
        if !self.framed.output.is_empty() {
            return Some(End::NotReading);
        }
        if self.calls.is_empty() {
            return Some(End::Idle);
        }
        self.framed.last_progress = Instant::now();
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{net::UnixStream, time::timeout};

    use super::*;
    use crate::{prelude::*, server::stop::Stopper};

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
        let (stream, client) = UnixStream::pair().unwrap();
        let dispatcher = Arc::new(Dispatcher::of_plugin(Allowing));
        let (_stopper, stop) = Stopper::new();
        let mut connection = EnvelopeConnection::new(Framed::new(stream, 1000), dispatcher, stop);
        let task = connection.calls.spawn(async { panic!("not in a hook") });
        connection.running.insert(7, task);

        let mut client = Framed::new(client, 1000);
        let answered = async {
            loop {
                poll_fn(|task| client.poll_read(task)).await.unwrap();
                if let Front::Frame(answer) = client.input.take() {
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
