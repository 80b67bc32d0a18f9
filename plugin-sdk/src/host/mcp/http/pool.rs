//! Connections of HTTP/1.1: each carries one exchange at a time, and stays for the next.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::AbortHandle,
};

use crate::{
    host::{connect::Connector, settings::HttpSettings, transport::Failure},
    repeated::limited,
};

/// The servers in Python close a connection that nobody used for five seconds, perhaps just when a call is on its way to them.
const LONGEST_IDLE: Duration = Duration::from_secs(4);

pub(super) struct Pool {
    connector: Connector,
    settings: HttpSettings,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

/// A connection. Dropping it closes it.
pub(super) struct Connection {
    pub(super) sender: http1::SendRequest<Full<Bytes>>,
    last_used: Instant,
    task: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection for one exchange, and the leave to have it.
pub(super) struct Lease<'a> {
    pub(super) connection: Connection,
    pub(super) was_idle: bool,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(super) fn new(connector: Connector, settings: &HttpSettings) -> Self {
        Self {
            connector,
            settings: settings.clone(),
            idle: Mutex::default(),
            permits: Semaphore::new(settings.max_connections.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    /// A connection that nobody uses, or a new one.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, Failure> {
        let waiting = tokio::time::timeout(self.settings.pool_timeout, self.permits.acquire());
        let permit = match waiting.await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(self.failure("closed by this process")),
            Err(_) => {
                limited!(warn, kind: "calls without a connection"; "{}: all {} connections were taken for {} s (PLUGINS_HTTPX_MAX_CONNECTIONS, PLUGINS_HTTPX_POOL_TIMEOUT)",
                    self.connector.address,
                    self.settings.max_connections,
                    self.settings.pool_timeout.as_secs_f64());
                return Err(Failure::Timeout(Some(self.settings.pool_timeout)));
            }
        };
        if let Some(connection) = self.idle() {
            return Ok(Lease {
                connection,
                was_idle: true,
                _permit: permit,
            });
        }
        let stream = self.connector.connect().await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.failure(error))?;
        let task = tokio::spawn(async move {
            // What went wrong is told to the exchange.
            let _ = connection.await;
        })
        .abort_handle();
        Ok(Lease {
            connection: Connection {
                sender,
                last_used: Instant::now(),
                task,
            },
            was_idle: false,
            _permit: permit,
        })
    }

    fn idle(&self) -> Option<Connection> {
        let longest = self.settings.keepalive_expiry.min(LONGEST_IDLE);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| !connection.sender.is_closed() && connection.last_used.elapsed() < longest);
        idle.pop()
    }

    /// Keeps a connection, of whose last answer nothing is left to read.
    pub(super) fn keep(&self, lease: Lease<'_>) {
        let Lease { mut connection, .. } = lease;
        connection.last_used = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.settings.max_idle_connections && !self.permits.is_closed() {
            idle.push(connection);
        }
    }

    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A failure that says where.
    pub(super) fn failure(&self, message: impl std::fmt::Display) -> Failure {
        self.connector.failure(message)
    }
}
