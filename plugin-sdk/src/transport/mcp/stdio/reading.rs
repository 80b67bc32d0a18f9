//! Reading lines, and what becomes of each.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tokio::{
    io::AsyncReadExt,
    task::{JoinSet, consume_budget},
};

use super::{
    output::Output,
    streams::{Reader, Writer},
};
use crate::{
    limits::Limits,
    plugin::BoxFuture,
    protocol::{
        code,
        mcp::{
            error::MessageError,
            id::Id,
            lines::{Line, Lines},
            method::CANCELLED,
            request::{Message, Request, read},
        },
    },
    repeated::limited,
    server::stop::Ending,
    transport::mcp::{methods::Work, tools::Tools},
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
    /// Calls that did not end at once.
    calls: JoinSet<()>,
    /// Nothing more comes. Requests have until then to be answered.
    ending: Option<Ending>,
}

impl Reading {
    pub(super) fn new((reader, writer): (Reader, Writer), tools: Tools, limits: Limits) -> Self {
        Self {
            reader,
            lines: Lines::new(limits.max_message_size),
            output: Arc::new(Output::new(writer, limits.write_timeout)),
            tools,
            limits,
            calls: JoinSet::new(),
            ending: None,
        }
    }

    pub(super) fn output(&self) -> Arc<Output> {
        Arc::clone(&self.output)
    }

    /// Reads until the stream or `shutdown` ends, and waits for what is running then.
    pub(super) async fn run(mut self, shutdown: BoxFuture<'static, ()>) {
        let output = Arc::clone(&self.output);
        let stopped = async {
            tokio::select! {
                () = shutdown => {}
                // The client may be gone without an end of what it sends.
                () = output.broken() => {}
            }
        };
        let mut stopped = pin!(stopped);
        while self.ending.is_none() {
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
        if let Some(ending) = self.ending.take() {
            ending.calls(self.output.answered()).await;
        }
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
                self.output
                    .failed(format!("standard input can't be read: {error}"));
                self.end();
            }
        }
    }

    async fn take(&mut self, line: Line) {
        let line = match line {
            Line::Message(line) => line,
            Line::TooLong { id } => {
                let message = format!(
                    "the request is longer than the {} bytes that are read (PLUGINS_MAX_MESSAGE_SIZE)",
                    self.limits.max_message_size
                );
                return self.refuse(&MessageError::new(code::INVALID_REQUEST, message).with_id(id));
            }
        };
        match read(&line) {
            Ok(Message::Request(request)) => self.answer(&line, &request).await,
            Ok(Message::Notification(notification)) => {
                if notification.method == CANCELLED
                    && let Some(id) = notification.params.request_id.and_then(Id::of)
                {
                    self.output.forget(&id);
                }
            }
            // The server makes no requests.
            Ok(Message::Response) => {}
            Err(error) => self.refuse(&error),
        }
    }

    async fn answer(&mut self, line: &Bytes, request: &Request<'_>) {
        let Some(number) = self.output.begin(request.id.clone()) else {
            let message = "another request with this id is still running: give each its own";
            let error = MessageError::new(code::INVALID_REQUEST, message).with_id(Some(request.id.clone()));
            return self.refuse(&error);
        };
        let work = match request.revision() {
            Ok(revision) => self.tools.take(line, request, revision),
            Err(error) => Work::Done(error.into()),
        };
        let (tools, output, id) = (self.tools.clone(), Arc::clone(&self.output), request.id.clone());
        let is_hook = matches!(work, Work::Hook(_));
        self.run_or_spawn(
            &request.id,
            number,
            is_hook,
            Box::pin(async move {
                let answer = match work {
                    Work::Done(answer) => answer,
                    Work::Hook(call) => output.timed(call.answer(&tools)).await,
                };
                if let Some(writing) = output.answering(&id, number) {
                    writing.write(answer.body).await;
                }
            }),
        );
    }

    /// Runs a request: here if it ends at once, which most do, else on a task of its own. Where hooks hold their thread for a while,
    /// each has a task from its beginning, so that none holds up the others.
    fn run_or_spawn(&mut self, id: &Id, number: u64, is_hook: bool, mut request: BoxFuture<'static, ()>) {
        if (!is_hook || self.output.hooks_are_quick()) && poll_once(&mut request).is_ready() {
            return;
        }
        self.reap();
        let task = self.calls.spawn(request);
        self.output.can_be_taken_back(id, number, task);
    }

    /// Nothing more is read.
    fn end(&mut self) {
        self.ending = Some(Ending::new(self.limits.time_to_stop()));
    }

    /// Forgets the tasks that have ended, which the set would keep.
    fn reap(&mut self) {
        while self.calls.try_join_next().is_some() {}
    }

    /// Answers with an error that is about no request that runs.
    fn refuse(&mut self, error: &MessageError) {
        limited!(warn, kind: "declined messages"; "a message is declined: {}", error.message);
        self.reap();
        self.calls.spawn(self.output.refusing().write(error.to_json()));
    }
}

/// Polls a future with the waker of nobody: whoever waits for it polls it again.
fn poll_once(future: &mut BoxFuture<'static, ()>) -> Poll<()> {
    let mut context = Context::from_waker(Waker::noop());
    future.as_mut().poll(&mut context)
}
