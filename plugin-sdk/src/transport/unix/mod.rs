//! Framed protobuf on a Unix socket ([protocol, section
//! 3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#3-unix-socket)).

mod abandoned;
mod connection;
mod end;
mod envelope;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout_at,
};

use crate::{
    dispatch::{Dispatcher, StartError},
    limits::Limits,
    plugin::{BoxFuture, Plugin},
    repeated::limited,
    server::{
        ServeError,
        drain::{Deadline, Drain, Draining, log_aborted},
        socket_file::{self, SocketFile},
    },
};

use abandoned::announce;
use connection::Connection;
#[cfg(feature = "cli")]
pub(crate) use connection::safe_timeout;

/// After a failed accept, such as for want of file descriptors, so long passes before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The setting of the socket's path, for errors.
pub(crate) const PATH_SETTING: &str = "PLUGINS_UNIX_SOCKET_PATH";

/// A server of plugins on a Unix socket, for a runtime of the author's own. [`run`](crate::run) makes one by itself.
///
/// ```no_run
/// # use plugin_sdk::prelude::*;
/// # #[plugin(hooks = [tool_pre_invoke])]
/// # #[derive(Default)]
/// # struct NoDangerousTools;
/// # impl NoDangerousTools {
/// #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
/// #         Ok(PluginResult::allow())
/// #     }
/// # }
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let server = NoDangerousTools::default().into_unix_server().bind("/run/plugins/tools.sock")?;
/// server.serve(async { /* ends when the server shall stop */ }).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a server listens once it is bound"]
pub struct UnixServer {
    dispatcher: Result<Dispatcher, StartError>,
    mode: u32,
}

impl UnixServer {
    /// A server of one plugin, under the name that it gives itself.
    pub fn of<P: Plugin>(plugin: P) -> Self {
        Self {
            dispatcher: Dispatcher::of_plugin(plugin),
            mode: socket_file::DEFAULT_MODE,
        }
    }

    /// Sets the bounds that the server keeps.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.dispatcher = self.dispatcher.map(|dispatcher| dispatcher.with_limits(limits));
        self
    }

    /// Sets the mode of the socket file. 0600 if not set.
    pub fn with_socket_mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Listens at a path. Must be called in a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the path is taken by anything but a dead socket, or its directory is missing or open to everyone.
    pub fn bind(self, path: impl AsRef<Path>) -> Result<BoundUnixServer, ServeError> {
        BoundUnixServer::bind(Arc::new(self.dispatcher?), path.as_ref(), self.mode)
    }
}

/// A server that listens. Dropping it removes the socket file.
#[must_use = "a server answers once it is served"]
pub struct BoundUnixServer {
    dispatcher: Arc<Dispatcher>,
    listener: UnixListener,
    file: SocketFile,
}

impl BoundUnixServer {
    pub(crate) fn bind(dispatcher: Arc<Dispatcher>, path: &Path, mode: u32) -> Result<Self, ServeError> {
        let (listener, file) = SocketFile::listen(path, mode, PATH_SETTING)?;
        let listener = UnixListener::from_std(listener)
            .map_err(|error| ServeError::io("can't listen on the socket", path, error))?;
        announce();
        Ok(Self {
            dispatcher,
            listener,
            file,
        })
    }

    /// Where it listens.
    pub fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    /// Serves until `shutdown` ends; then no connection is accepted any more, calls end within the time for draining, and the
    /// plugin's shutdown is called.
    ///
    /// # Errors
    ///
    /// When the server can't go on.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let dispatcher = Arc::clone(&self.dispatcher);
        let deadline = self.run(Box::pin(shutdown)).await;
        dispatcher.shutdown_until(deadline.plugins).await;
        Ok(())
    }

    /// Serves until `shutdown` ends and all calls have ended, or the time for that is over. The plugins go on.
    pub(crate) async fn run(self, shutdown: BoxFuture<'static, ()>) -> Deadline {
        let (drain, draining) = Drain::new();
        let mut connections = JoinSet::new();
        let mut shutdown = shutdown;
        let permits = Arc::new(Semaphore::new(self.dispatcher.limits().max_connections));
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                accepted = accept(&self.listener, &permits) => accepted,
            };
            let Some((stream, permit)) = accepted else {
                continue;
            };
            let connection =
                Connection::new(stream, Arc::clone(&self.dispatcher), Draining::clone(&draining));
            connections.spawn(async move {
                connection.serve().await;
                drop(permit);
            });
        }
        let drain_timeout = self.dispatcher.limits().time_to_stop();
        let deadline = Deadline::after(drain_timeout);
        drop(self.listener);
        drop(self.file);
        drain.begin();
        let drained = timeout_at(deadline.calls, async {
            while connections.join_next().await.is_some() {}
        });
        if drained.await.is_err() {
            log_aborted(drain_timeout);
            connections.abort_all();
        }
        deadline
    }
}

/// Accepts a connection. One over the limit is closed at once: if it waited, its client would give up on a request that the
/// server has not seen yet, and take the answer for that to its next.
async fn accept(
    listener: &UnixListener,
    permits: &Arc<Semaphore>,
) -> Option<(UnixStream, tokio::sync::OwnedSemaphorePermit)> {
    match listener.accept().await {
        Ok((stream, _)) => {
            let permit = Arc::clone(permits).try_acquire_owned().ok();
            if permit.is_none() {
                limited!(
                    warn,
                    "all connections are taken (PLUGINS_MAX_CONNECTIONS); a further one is closed"
                );
            }
            permit.map(|permit| (stream, permit))
        }
        Err(error) => {
            limited!(error, "a connection can't be accepted"; %error);
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
