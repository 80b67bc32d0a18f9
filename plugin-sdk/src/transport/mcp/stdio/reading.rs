//! Reading lines, and what becomes of each: a plain call of a hook is answered here, anything else is the library's.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use rmcp::model::{ClientJsonRpcMessage, ClientNotification, ClientRequest, JsonRpcMessage, RequestId};
use tokio::{
    io::AsyncReadExt,
    sync::mpsc,
    task::{JoinSet, consume_budget},
    time::timeout_at,
};

use super::{
    line::{Line, Lines},
    output::Output,
    streams::{Reader, Writer},
    transport::LibraryTransport,
};
use crate::{
    limits::Limits,
    plugin::BoxFuture,
    repeated::limited,
    server::drain::{Deadline, Draining, log_aborted},
    transport::mcp::{
        direct::{DirectCall, is_known},
        message::{MessageError, Untaken, code, explain},
        odd_id::OddId,
        tools::Tools,
    },
};

/// So much is read at once.
const READ_SIZE: usize = 64 * 1024;

/// The side that reads.
pub(super) struct Reading {
    reader: Reader,
    lines: Lines,
    output: Arc<Output>,
    tools: Tools,
    limits: Limits,
    /// Where messages go that are the library's.
    library: mpsc::Sender<ClientJsonRpcMessage>,
    /// The client may have agreed on a version of the protocol of which only the library knows.
    is_direct: bool,
    /// Calls that did not end at once.
    calls: JoinSet<()>,
    /// Nothing more comes. Requests have until then to be answered.
    until: Option<Deadline>,
}

impl Reading {
    /// The library gets its messages from the second part, and both answer on the third.
    pub(super) fn new(
        (reader, writer): (Reader, Writer),
        tools: Tools,
        limits: Limits,
    ) -> (Self, LibraryTransport, Arc<Output>) {
        let output = Arc::new(Output::new(writer, limits.write_timeout));
        // It takes each at once.
        let (library, messages) = mpsc::channel(1);
        let transport = LibraryTransport::new(messages, Arc::clone(&output));
        let reading = Self {
            reader,
            lines: Lines::new(limits.max_message_size),
            output: Arc::clone(&output),
            tools,
            limits,
            library,
            is_direct: true,
            calls: JoinSet::new(),
            until: None,
        };
        (reading, transport, output)
    }

    /// Reads until the stream ends or `draining` begins, and waits for what is running then. Returns by when everything ends.
    pub(super) async fn run(mut self, draining: Draining) -> Deadline {
        let broken = self.output.broken();
        let stopped = async {
            tokio::select! {
                () = draining.begun() => {}
                // The client may be gone without an end of what it sends.
                () = broken.begun() => {}
            }
        };
        let mut stopped = pin!(stopped);
        while self.until.is_none() {
            if self.output.pending() >= self.limits.max_connections {
                tokio::select! {
                    () = self.output.changed() => {}
                    () = &mut stopped => self.end(),
                }
            } else if let Some(line) = self.lines.next() {
                self.take(line).await;
                // Many lines may have come at once.
                consume_budget().await;
            } else {
                self.read(stopped.as_mut()).await;
            }
        }
        self.drain().await
    }

    async fn read(&mut self, stopped: Pin<&mut impl Future<Output = ()>>) {
        let buffer = self.lines.buffer();
        buffer.reserve(READ_SIZE);
        let read = tokio::select! {
            biased;
            () = stopped => return self.end(),
            read = self.reader.read_buf(buffer) => read,
        };
        match read {
            Ok(0) => {
                self.end();
                if let Some(line) = self.lines.rest() {
                    self.take(line).await;
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!("standard input can't be read: {error}");
                self.end();
            }
        }
    }

    async fn take(&mut self, line: Line) {
        if self.is_direct
            && let Line::Message(line) = &line
            && let Some(call) = DirectCall::read(line)
        {
            self.call(call);
        } else if let Some(message) = self.message(line)
            // It fails once the library has ended, and with it the server.
            && self.library.send(message).await.is_err()
        {
            self.end();
        }
    }

    /// Calls a hook: here if it ends at once, which most do, else on a task of its own. Where hooks hold their thread for a while,
    /// each has a task from its beginning, so that none holds up the others.
    fn call(&mut self, call: DirectCall) {
        let id = call.id().to_request_id();
        let Some(number) = self.output.begin(id.clone(), None) else {
            return self.refuse_running(&id);
        };
        let (tools, output) = (self.tools.clone(), Arc::clone(&self.output));
        let for_call = id.clone();
        let mut call: BoxFuture<'static, ()> = Box::pin(async move {
            let answer = output.timed(call.answer(&tools)).await;
            if output.answering_call(&for_call, number) {
                let _ = output.write(answer).await;
            }
        });
        if self.output.hooks_are_quick() && poll_once(&mut call).is_ready() {
            return;
        }
        while self.calls.try_join_next().is_some() {}
        let task = self.calls.spawn(call);
        self.output.can_be_taken_back(&id, number, task);
    }

    fn end(&mut self) {
        self.deadline();
    }

    fn deadline(&mut self) -> Deadline {
        let time = self.limits.time_to_stop();
        *self.until.get_or_insert_with(|| Deadline::after(time))
    }

    /// Waits for what is still running.
    async fn drain(&mut self) -> Deadline {
        let deadline = self.deadline();
        while self.output.pending() > 0 && !self.output.has_broken() {
            if timeout_at(deadline.calls, self.output.changed()).await.is_err() {
                log_aborted(self.limits.time_to_stop());
                break;
            }
        }
        deadline
    }

    fn message(&mut self, line: Line) -> Option<ClientJsonRpcMessage> {
        let line = match line {
            Line::Message(line) => line,
            Line::TooLong { id } => {
                let message = format!(
                    "the request is longer than the {} bytes that are read (PLUGINS_MAX_MESSAGE_SIZE)",
                    self.limits.max_message_size
                );
                self.refuse(MessageError {
                    id,
                    ..MessageError::new(code::INVALID_REQUEST, message)
                });
                return None;
            }
        };
        match serde_json::from_slice(&line) {
            Ok(message) => self.admit(message, None),
            Err(_) => self.untaken(&line),
        }
    }

    fn untaken(&mut self, line: &Bytes) -> Option<ClientJsonRpcMessage> {
        let (stand_in, odd_id) = match explain(line) {
            Untaken::Wrong(error) => {
                self.refuse(error);
                return None;
            }
            Untaken::OddArguments(stand_in) => (stand_in, None),
            Untaken::OddId(odd) => (odd.message.clone(), Some(odd)),
        };
        if let Ok(message) = serde_json::from_slice(&stand_in) {
            return self.admit(message, odd_id);
        }
        self.refuse(MessageError::of_stand_in(line));
        None
    }

    fn admit(&mut self, message: ClientJsonRpcMessage, odd: Option<OddId>) -> Option<ClientJsonRpcMessage> {
        match &message {
            JsonRpcMessage::Request(request) => {
                if self.output.begin(request.id.clone(), odd).is_none() {
                    self.refuse_running(&request.id);
                    return None;
                }
                if let ClientRequest::InitializeRequest(initialize) = &request.request {
                    self.is_direct &= is_known(initialize.params.protocol_version.as_str());
                }
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    // The call ends, here or in the library, and nothing is answered.
                    self.output.forget(id);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Some(message)
    }

    fn refuse_running(&self, id: &RequestId) {
        self.refuse(MessageError {
            id: serde_json::value::to_raw_value(id).ok(),
            ..MessageError::new(
                code::INVALID_REQUEST,
                "another request with this id is still running: give each its own",
            )
        });
    }

    /// Answers with an error, beside the library.
    fn refuse(&self, error: MessageError) {
        limited!(warn, kind: "declined messages"; "a message is declined: {}", error.message);
        let output = Arc::clone(&self.output);
        output.answering(None);
        tokio::spawn(async move { output.write(error.to_json()).await });
    }
}

/// Polls a future with the waker of nobody: whoever waits for it polls it again.
fn poll_once(future: &mut BoxFuture<'static, ()>) -> Poll<()> {
    let mut context = Context::from_waker(Waker::noop());
    future.as_mut().poll(&mut context)
}
