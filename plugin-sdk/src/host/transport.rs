//! What a transport of the host half implements: one request out, its answer in.
//!
//! # The contract
//!
//! Everything that is not moving bytes is done once, above this trait, in [`calls`](super::calls): encoding and decoding, the
//! deadline of the call, retries with backoff, the limit of what is sent, the check of the answer. A transport is asked for one
//! [`exchange`](Transport::exchange) at a time from each of any number of tasks, and
//!
//! 1. **tries once.** It connects if it has no connection (or session), sends, and gives the answer. It does not repeat, does not
//!    wait before it connects again, and needs no deadline but for things that go on without a call.
//! 2. **says when the server may have seen the request**: it calls [`Request::mark_sent`] before the first byte of the
//!    request may leave the process (connecting, TLS, HTTP/2 settings and the handshake of MCP are not the request). A failure
//!    without that mark is tried again; one with it is not, unless the caller allows it. When the server or the protocol then
//!    proves that it did *not* act on the request (a `GOAWAY` with a lower stream, `REFUSED_STREAM`, an HTTP answer that the
//!    session is not known), it calls [`Request::mark_unseen`] and fails with [`Failure::Connection`].
//! 3. **is cancelled by dropping the future** of the exchange, at any point of it. Then nothing of it may go on but telling the
//!    server (`RST_STREAM`, `notifications/cancelled`, or closing a connection that no other exchange uses), no other exchange may
//!    notice, and a late answer is never taken for that to another request.
//! 4. **gives the answer as it is**: for [`Encoding::Protobuf`] the bytes of the response message (of gRPC: without the prefix), for
//!    [`Encoding::Json`] the text of the tool's first text block. It does not look into it.
//! 5. **fails with a [`Failure`]**, whose text says what happened and where (the address or path), in one line, without the name
//!    of the plugin, which is added above.
//! 6. **keeps its bounds**: an answer over `max_message_size` is [`Failure::TooLarge`] without having been read into memory, and
//!    connecting takes no longer than `connect_timeout`.
//! 7. **outlives its connections**: whatever broke, the next exchange connects again.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{codec::Encoding, protocol::error::ReportedError};

/// A way to a server of plugins. See the [contract](self).
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    /// The form in which it carries requests and answers.
    fn encoding(&self) -> Encoding;

    /// Sends a request and gives the answer to it.
    async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure>;

    /// Ends everything that is open, within a second or so; exchanges that still run may fail. None comes after it.
    async fn close(&self);
}

/// What is asked of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// `InvokeHookRequest` → `InvokeHookResponse`; the arguments of `invoke_hook` → its answer.
    InvokeHook,
    /// `GetPluginConfigRequest` → `GetPluginConfigResponse`; the arguments of `get_plugin_config` → its answer.
    GetPluginConfig,
    /// `HealthCheckRequest` → `HealthCheckResponse`; on MCP `{}` → `{}` once the server answered to `ping`.
    Health,
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    /// The plugin that is called, for a transport that has to recognise the answer.
    pub(crate) plugin_name: &'a str,
    /// The message, in the encoding of the transport.
    pub(crate) message: Bytes,
    sent: AtomicBool,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: Method, plugin_name: &'a str, message: Bytes) -> Self {
        Self {
            method,
            plugin_name,
            message,
            sent: AtomicBool::new(false),
        }
    }

    /// From here on the server may see the request.
    pub(crate) fn mark_sent(&self) {
        self.sent.store(true, Ordering::Relaxed);
    }

    /// It is certain that the server did not act on the request, and that it will not.
    pub(crate) fn mark_unseen(&self) {
        self.sent.store(false, Ordering::Relaxed);
    }

    /// Whether the server may have seen the request.
    pub(crate) fn may_be_seen(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// There is no connection, or it was lost. Tried again, if the server can't have seen the request.
    Connection(String),
    /// The request or the answer is too large for this end or the other.
    TooLarge(String),
    /// The server refused the request as such, before any plugin could see it: a status of gRPC such as `UNIMPLEMENTED` or
    /// `UNAUTHENTICATED`, an error of JSON-RPC about the message, an HTTP status of 400 to 499, a tool that is not known.
    Refused(Box<ReportedError>),
    /// The server failed with the request, and does not say how far it had come: a plugin may have seen it.
    Failed(Box<ReportedError>),
    /// What came back is not of this protocol.
    Invalid(String),
    /// Somebody gave up on the call before its deadline: the server, because of its own (gRPC's `DEADLINE_EXCEEDED`), or this end
    /// after so long, because of a setting of the transport.
    #[allow(dead_code, reason = "only some transports can say so")]
    Timeout(Option<Duration>),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(message) | Self::TooLarge(message) | Self::Invalid(message) => {
                formatter.write_str(message)
            }
            Self::Refused(error) | Self::Failed(error) => write!(formatter, "{error}"),
            Self::Timeout(_) => formatter.write_str("the server gave up on the call"),
        }
    }
}
