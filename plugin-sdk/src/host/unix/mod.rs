//! The Unix socket ([protocol, section
//! 3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#3-unix-socket)): one connection
//! for all calls to a server that knows envelopes, and a pool of connections with one call at a time for any other.

mod connect;
mod pool;
mod shared;
mod socket;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Semaphore;

use self::{pool::Pool, shared::Shared};
use super::{
    config::target::UnixTarget,
    settings::HostSettings,
    slot::Slot,
    transport::{Failure, Request, Transport},
};
use crate::codec::Encoding;

pub(crate) struct UnixTransport {
    path: PathBuf,
    settings: HostSettings,
    server: Slot<Server>,
    /// All shared connections: calls may still wait on one that takes no more.
    connections: Mutex<Vec<Weak<Shared>>>,
    /// Connections that carry a call, to a server without envelopes.
    permits: Arc<Semaphore>,
}

/// How a server is called.
#[derive(Clone)]
enum Server {
    /// It knows envelopes, and this is the connection to it.
    Envelopes(Arc<Shared>),
    /// It does not know them.
    Bare(Arc<Pool>),
}

impl UnixTransport {
    pub(crate) fn new(target: &UnixTarget, settings: &HostSettings) -> Self {
        Self {
            path: target.path.clone(),
            settings: settings.clone(),
            server: Slot::new(),
            connections: Mutex::default(),
            permits: Arc::new(Semaphore::new(
                settings.max_connections.clamp(1, Semaphore::MAX_PERMITS),
            )),
        }
    }

    fn is_usable(&self, server: &Server) -> bool {
        match server {
            Server::Envelopes(shared) => shared.is_usable(self.settings.idle_timeout),
            Server::Bare(pool) => !pool.has_failed(),
        }
    }

    async fn connect(&self) -> Result<Server, Failure> {
        let server = connect::connect(&self.path, &self.settings, &self.permits).await?;
        if let Server::Envelopes(shared) = &server {
            let mut connections = self.connections();
            connections.retain(|earlier| earlier.strong_count() > 0);
            connections.push(Arc::downgrade(shared));
            if self.permits.is_closed() {
                shared.close();
            }
        }
        Ok(server)
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Weak<Shared>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        if let Some(Server::Bare(pool)) = self.server.close() {
            pool.close();
        }
        let mut connections = self.connections();
        self.permits.close();
        for shared in connections.drain(..).filter_map(|shared| shared.upgrade()) {
            shared.close();
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
        let connecting = self.connect();
        match self
            .server
            .get(|server| self.is_usable(server), connecting)
            .await?
        {
            Server::Envelopes(shared) => shared.exchange(request).await,
            Server::Bare(pool) => pool.exchange(&self.path, &self.settings, request).await,
        }
    }

    async fn close(&self) {
        self.end();
    }
}
