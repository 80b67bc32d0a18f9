//! The streams as the library wants them: messages in, messages out.

use std::{io, sync::Arc};

use bytes::Bytes;
use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, ClientNotification, JsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use tokio::{
    io::AsyncReadExt,
    time::{Instant, timeout_at},
};

use super::{
    line::{Line, Lines},
    output::Output,
    streams::{Reader, Writer},
};
use crate::{
    limits::Limits,
    server::drain::{Drain, Draining},
    transport::mcp::message::{MessageError, OddId, Untaken, code, explain},
};

/// So much is read at once.
const READ_SIZE: usize = 64 * 1024;

/// Lines of JSON-RPC in both directions.
pub(super) struct LineTransport {
    reader: Reader,
    lines: Lines,
    output: Arc<Output>,
    draining: Draining,
    limits: Limits,
    /// Nothing more comes. Requests have until then to be answered.
    until: Option<Instant>,
    over: Drain,
}

impl LineTransport {
    /// Reads until the stream ends or `draining` begins. The third part begins when what was running has ended after that, or its
    /// time is over.
    pub(super) fn new(streams: (Reader, Writer), limits: Limits, draining: Draining) -> (Self, Draining) {
        let (over, is_over) = Drain::new();
        let (reader, writer) = streams;
        let transport = Self {
            reader,
            lines: Lines::new(limits.max_message_size),
            output: Arc::new(Output::new(writer, limits.write_timeout)),
            draining,
            limits,
            until: None,
            over,
        };
        (transport, is_over)
    }

    /// The next message that is one. May be given up at any point without losing anything.
    async fn next(&mut self) -> Option<ClientJsonRpcMessage> {
        while self.until.is_none() && !self.output.has_broken() {
            if self.output.pending() >= self.limits.max_connections {
                let draining = self.draining.clone();
                tokio::select! {
                    () = self.output.changed() => {}
                    () = draining.begun() => self.end(),
                }
                continue;
            }
            if let Some(line) = self.lines.next() {
                if let Some(message) = self.message(line) {
                    return Some(message);
                }
                continue;
            }
            let draining = self.draining.clone();
            let buffer = self.lines.buffer();
            buffer.reserve(READ_SIZE);
            let read = tokio::select! {
                read = self.reader.read_buf(buffer) => read,
                () = draining.begun() => {
                    self.end();
                    continue;
                }
                // The client may be gone without an end of what it sends.
                () = self.output.changed() => continue,
            };
            match read {
                Ok(0) => {
                    self.end();
                    if let Some(message) = self.lines.rest().and_then(|line| self.message(line)) {
                        return Some(message);
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!("standard input can't be read: {error}");
                    self.end();
                }
            }
        }
        None
    }

    fn end(&mut self) {
        self.until
            .get_or_insert(Instant::now() + self.limits.drain_timeout);
    }

    /// Waits for what is still running.
    async fn drain(&mut self) {
        self.end();
        let Some(until) = self.until else { return };
        while self.output.pending() > 0 && !self.output.has_broken() {
            if timeout_at(until, self.output.changed()).await.is_err() {
                tracing::warn!(
                    "calls go on after {} s of draining (PLUGINS_DRAIN_TIMEOUT) and are broken off",
                    self.limits.drain_timeout.as_secs_f64()
                );
                return;
            }
        }
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
                if !self.output.begin(request.id.clone(), odd) {
                    let id = serde_json::value::to_raw_value(&request.id).ok();
                    self.refuse(MessageError {
                        id,
                        ..MessageError::new(
                            code::INVALID_REQUEST,
                            "another request with this id is still running: give each its own",
                        )
                    });
                    return None;
                }
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    // The library ends the call, and answers nothing.
                    self.output.forget(id);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Some(message)
    }

    /// Answers with an error, beside the library. Reading may be given up at any point, writing may not.
    fn refuse(&self, error: MessageError) {
        tracing::warn!("a message is declined: {}", error.message);
        let output = Arc::clone(&self.output);
        output.answering(None);
        tokio::spawn(async move { output.write(error.to_json()).await });
    }
}

impl Transport<RoleServer> for LineTransport {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let output = Arc::clone(&self.output);
        let id = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        let odd = output.answering(id);
        async move {
            let mut json = serde_json::to_vec(&message).unwrap_or_default();
            drop(message);
            if let Some(odd) = odd {
                json = odd.restore(&json);
            }
            output.write(json).await
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        let message = self.next().await;
        if message.is_none() {
            self.drain().await;
            self.over.begin();
        }
        message
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}
