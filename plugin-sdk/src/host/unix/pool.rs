//! Connections to a server that takes one call at a time on each.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::Semaphore, time::Instant};

use super::{connect, socket};
use crate::{
    codec::Encoding,
    host::{
        settings::HostSettings,
        transport::{Failure, Method, Request},
    },
    protocol::{health, plugin_config, response},
    stream::framed::Framed,
};

pub(super) struct Pool {
    /// All pools of one plugin share them: calls on connections of an earlier server may still run.
    permits: Arc<Semaphore>,
    /// The one used last is at the end, so that those that are not needed grow old.
    idle: Mutex<Vec<Framed>>,
    idle_timeout: Duration,
    /// A connection broke. What answers next may be another server, which is asked again whether it knows envelopes.
    failed: AtomicBool,
}

impl Pool {
    pub(super) fn new(first: Framed, settings: &HostSettings, permits: &Arc<Semaphore>) -> Self {
        Self {
            permits: Arc::clone(permits),
            idle: Mutex::new(vec![first]),
            idle_timeout: settings.idle_timeout,
            failed: AtomicBool::new(false),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(super) fn close(&self) {
        self.failed.store(true, Ordering::Release);
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Framed>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn exchange(
        &self,
        path: &Path,
        settings: &HostSettings,
        request: &Request<'_>,
    ) -> Result<Bytes, Failure> {
        let closed = |_| Failure::Connection(format!("{}: closed by this process", path.display()));
        let _permit = self.permits.acquire().await.map_err(closed)?;
        let mut socket = match self.take_idle() {
            Some(socket) => socket,
            None => connect::open(path, settings).await.inspect_err(|_| self.fail())?,
        };
        // The connection is out of the pool while it is used: when this future is dropped, the connection goes with it, and a late
        // answer reaches no caller.
        let answer = match ask(&mut socket, path, request).await {
            Ok(answer) => answer,
            Err(failure) => {
                self.fail();
                return Err(failure);
            }
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(size) => {
                self.put_back(socket);
                let limit = settings.max_message_size;
                return Err(Failure::TooLarge(format!(
                    "the answer has {size} bytes, more than the {limit} that are read"
                )));
            }
        };
        if request.method == Method::InvokeHook && !response::is_of(&answer, request.plugin_name) {
            let path = path.display();
            return Err(Failure::Invalid(format!(
                "{path}: it is the answer to a call of another plugin; the connection is closed"
            )));
        }
        self.put_back(socket);
        Ok(answer)
    }

    /// A connection that can be used. What broke or was not used for long goes away.
    fn take_idle(&self) -> Option<Framed> {
        let mut idle = self.lock();
        idle.retain(|socket| socket.last_progress.elapsed() < self.idle_timeout);
        while let Some(mut socket) = idle.pop() {
            if socket::is_fresh(&mut socket) {
                return Some(socket);
            }
        }
        None
    }

    fn put_back(&self, mut socket: Framed) {
        if !self.has_failed() && socket.input.is_empty() {
            socket.last_progress = Instant::now();
            self.lock().push(socket);
        }
    }

    fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }
}

async fn ask(
    socket: &mut Framed,
    path: &Path,
    request: &Request<'_>,
) -> Result<Result<Bytes, usize>, Failure> {
    let message = match request.method {
        // There is no such question without an envelope. Any answer shows that the server is up.
        Method::Health => plugin_config::write_request(Encoding::Protobuf, request.plugin_name),
        Method::InvokeHook | Method::GetPluginConfig => request.message.clone(),
    };
    request.mark_sent();
    let broken = |message: String| Failure::Connection(format!("{}: {message}", path.display()));
    socket.put(message).map_err(|error| broken(error.to_string()))?;
    socket::flush(socket).await.map_err(broken)?;
    let answer = socket::read(socket).await.map_err(broken)?;
    Ok(match request.method {
        Method::Health => Ok(Bytes::from_static(&health::SERVING_RESPONSE)),
        Method::InvokeHook | Method::GetPluginConfig => answer,
    })
}
