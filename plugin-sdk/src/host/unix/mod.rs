//! The Unix socket ([protocol, section
//! 3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#3-unix-socket)): one connection
//! for all calls to a server that knows envelopes, and a pool of connections with one call at a time for any other.

mod connect;
mod pool;
mod shared;
mod socket;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Semaphore;

use self::{pool::Pool, shared::Shared};
use super::{
    config::target::UnixTarget,
    settings::HostSettings,
    transport::{Failure, Request, Transport},
};
use crate::codec::Encoding;

pub(crate) struct UnixTransport {
    path: PathBuf,
    settings: HostSettings,
    server: Mutex<Server>,
    /// Connections that take no more calls, on which some still wait.
    left: Mutex<Vec<Weak<Shared>>>,
    /// Connections that carry a call, to a server without envelopes.
    permits: Arc<Semaphore>,
    /// Whoever has it connects; the others wait for what comes of it.
    connecting: Semaphore,
    /// How often connecting has failed, so that whoever waited does not try again at once.
    failed: AtomicU64,
    last_failure: Mutex<Option<Failure>>,
}

/// What is known of the server.
#[derive(Clone, Default)]
enum Server {
    #[default]
    Unknown,
    /// It knows envelopes, and this is the connection to it.
    Envelopes(Arc<Shared>),
    /// It does not know them.
    Bare(Arc<Pool>),
    Closed,
}

impl UnixTransport {
    pub(crate) fn new(target: &UnixTarget, settings: &HostSettings) -> Self {
        Self {
            path: target.path.clone(),
            settings: settings.clone(),
            server: Mutex::default(),
            left: Mutex::default(),
            permits: Arc::new(Semaphore::new(
                settings.max_connections.clamp(1, Semaphore::MAX_PERMITS),
            )),
            connecting: Semaphore::new(1),
            failed: AtomicU64::new(0),
            last_failure: Mutex::default(),
        }
    }

    async fn make(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        match self.server().await? {
            Server::Envelopes(shared) => shared.exchange(request).await,
            Server::Bare(pool) => pool.exchange(&self.path, &self.settings, request).await,
            Server::Unknown | Server::Closed => Err(self.is_closed()),
        }
    }

    /// The server, if there are connections to it that can still be used.
    fn connected(&self) -> Option<Server> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let is_usable = match &*server {
            Server::Unknown => false,
            Server::Envelopes(shared) => shared.is_usable(self.settings.idle_timeout),
            Server::Bare(pool) => !pool.has_failed(),
            Server::Closed => true,
        };
        if !is_usable {
            if let Server::Envelopes(shared) = std::mem::take(&mut *server) {
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                left.retain(|earlier| earlier.strong_count() > 0);
                left.push(Arc::downgrade(&shared));
            }
            return None;
        }
        Some(server.clone())
    }

    async fn server(&self) -> Result<Server, Failure> {
        if let Some(server) = self.connected() {
            return Ok(server);
        }
        let failed_before = self.failed.load(Ordering::Acquire);
        // The semaphore is never closed.
        let _alone = self.connecting.acquire().await.map_err(|_| self.is_closed())?;
        if let Some(server) = self.connected() {
            return Ok(server);
        }
        if self.failed.load(Ordering::Acquire) != failed_before
            && let Some(failure) = self.last_failure()
        {
            return Err(failure);
        }
        match connect::connect(&self.path, &self.settings, &self.permits).await {
            Ok(found) => {
                let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
                if matches!(*server, Server::Closed) {
                    found.close();
                    return Err(self.is_closed());
                }
                *server = found;
                Ok(server.clone())
            }
            Err(failure) => {
                *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.clone());
                self.failed.fetch_add(1, Ordering::AcqRel);
                Err(failure)
            }
        }
    }

    fn last_failure(&self) -> Option<Failure> {
        self.last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn is_closed(&self) -> Failure {
        Failure::Connection(format!("{}: closed by this process", self.path.display()))
    }
}

impl UnixTransport {
    fn end(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *server, Server::Closed).close();
        self.permits.close();
        for left in self.left.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if let Some(shared) = left.upgrade() {
                shared.close();
            }
        }
    }
}

impl Server {
    fn close(&self) {
        match self {
            Self::Envelopes(shared) => shared.close(),
            Self::Bare(pool) => pool.close(),
            Self::Unknown | Self::Closed => {}
        }
    }
}

impl Drop for UnixTransport {
    fn drop(&mut self) {
        self.end();
    }
}

#[async_trait]
impl Transport for UnixTransport {
    fn encoding(&self) -> Encoding {
        Encoding::Protobuf
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        self.make(request).await
    }

    async fn close(&self) {
        self.end();
    }
}
