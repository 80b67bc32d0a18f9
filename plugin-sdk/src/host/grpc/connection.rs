//! One connection of HTTP/2, which carries all calls.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::task::AbortHandle;
use tonic::{body::Body, codegen::Service};

use super::greeting::Greeting;
use crate::{
    host::{connect::Connector, settings::HostSettings, transport::Failure},
    stream::watched::Watched,
};

/// How much may come of one answer, and of all answers, before it is read. As much as hosts allow.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// The package of the services that the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Package {
    Unknown,
    Current,
    /// Of servers up to 1.0.0.
    Older,
}

pub(super) struct Connection {
    sender: http2::SendRequest<Body>,
    package: AtomicU8,
    last_used: Mutex<Instant>,
    /// It takes no further calls, though some may still run on it.
    is_leaving: AtomicBool,
    task: AbortHandle,
}

impl Connection {
    /// Connects, and waits for the server's settings: until then it is not known whether a server is there.
    pub(super) async fn open(connector: &Connector, settings: &HostSettings) -> Result<Arc<Self>, Failure> {
        let opening = async {
            let (greeting, greeted) = Greeting::new();
            let stream = Watched::new(connector.connect().await?, greeting);
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .keep_alive_interval(settings.keepalive_interval)
                .keep_alive_timeout(settings.keepalive_timeout)
                .handshake(TokioIo::new(stream))
                .await
                .map_err(|error| connector.failure(error))?;
            let task = tokio::spawn(async move {
                // What went wrong is told to each call.
                let _ = connection.await;
            })
            .abort_handle();
            let connection = Arc::new(Self {
                sender,
                package: AtomicU8::new(Package::Unknown as u8),
                last_used: Mutex::new(Instant::now()),
                is_leaving: AtomicBool::new(false),
                task,
            });
            match greeted.await {
                Ok(Ok(())) => Ok(connection),
                Ok(Err(message)) => Err(connector.failure(message)),
                Err(_) => Err(connector.failure("the server closed the connection before it said anything")),
            }
        };
        match tokio::time::timeout(connector.timeout, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(connector.failure(format_args!(
                "the server said nothing within {} s",
                connector.timeout.as_secs_f64()
            ))),
        }
    }

    /// Whether it can carry another call. One that was idle for this long may have been forgotten by something on the way.
    pub(super) fn is_usable(self: &Arc<Self>, settings: &HostSettings) -> bool {
        if self.sender.is_closed() || self.is_leaving.load(Ordering::Relaxed) {
            return false;
        }
        // The slot's own, and one for each call.
        let is_idle = Arc::strong_count(self) <= 1;
        let mut last_used = self.last_used.lock().unwrap_or_else(PoisonError::into_inner);
        if is_idle && last_used.elapsed() >= settings.idle_timeout {
            return false;
        }
        *last_used = Instant::now();
        true
    }

    pub(super) fn package(&self) -> Package {
        match self.package.load(Ordering::Relaxed) {
            package if package == Package::Current as u8 => Package::Current,
            package if package == Package::Older as u8 => Package::Older,
            _ => Package::Unknown,
        }
    }

    pub(super) fn learn(&self, package: Package) {
        self.package.store(package as u8, Ordering::Relaxed);
    }

    /// The server took a call no more: it may be waiting for those that run, to end then.
    pub(super) fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }

    pub(super) fn sender(&self) -> Sender {
        Sender(self.sender.clone())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub(super) fn end(&self) {
        self.task.abort();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // No call has it any more.
        self.end();
    }
}

/// Sends requests over a connection.
pub(super) struct Sender(http2::SendRequest<Body>);

impl Service<http::Request<Body>> for Sender {
    type Response = http::Response<Incoming>;
    type Error = SendError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, SendError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.0.poll_ready(context).map_err(|error| SendError {
            error,
            was_sent: false,
        })
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let sending = self.0.try_send_request(request);
        Box::pin(async move { sending.await.map_err(SendError::new) })
    }
}

/// Why a request has no answer, and whether it left this process.
#[derive(Debug)]
pub(super) struct SendError {
    error: hyper::Error,
    pub(super) was_sent: bool,
}

impl SendError {
    fn new(mut error: TrySendError<http::Request<Body>>) -> Self {
        Self {
            was_sent: error.take_message().is_none(),
            error: error.into_error(),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
