//! Framed protobuf on a Unix socket ([protocol, section
//! 3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#3-unix-socket)).

mod abandoned;
mod connection;
mod end;
mod envelope;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::net::{UnixListener, UnixStream};

use crate::{
    dispatch::Dispatcher,
    limits::Limits,
    plugin::{BoxFuture, Plugin},
    server::{
        ServeError,
        incoming::{Accepted, Arrived, Listen},
        socket_file::SocketFile,
        tasks::{Ended, Tasks},
    },
    socket,
};

use abandoned::announce;
use connection::Connection;
#[cfg(feature = "cli")]
pub(crate) use connection::safe_timeout;

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
    dispatcher: Dispatcher,
    mode: u32,
}

impl UnixServer {
    /// A server of one plugin, under the name that it gives itself.
    pub fn new<P: Plugin>(plugin: P) -> Self {
        Self {
            dispatcher: Dispatcher::of_plugin(plugin),
            mode: socket::DEFAULT_MODE,
        }
    }

    /// Sets the bounds that the server keeps.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.dispatcher = self.dispatcher.with_limits(limits);
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
        BoundUnixServer::bind(Arc::new(self.dispatcher), path.as_ref(), self.mode)
    }
}

/// A server that listens. Dropping it removes the socket file.
#[must_use = "a server answers once it is served"]
pub struct BoundUnixServer {
    dispatcher: Arc<Dispatcher>,
    listener: Listener,
    socket: SocketFile,
}

impl BoundUnixServer {
    pub(crate) fn bind(dispatcher: Arc<Dispatcher>, path: &Path, mode: u32) -> Result<Self, ServeError> {
        let (listener, socket) = SocketFile::listen(path, mode, socket::PATH_VARIABLE)?;
        let listener = UnixListener::from_std(listener)
            .map_err(|error| ServeError::io("can't listen on the socket", path, error))?;
        announce();
        Ok(Self {
            dispatcher,
            listener: Listener(listener),
            socket,
        })
    }

    /// Where it listens.
    pub fn path(&self) -> PathBuf {
        self.socket.path().to_owned()
    }

    /// Serves until `shutdown` ends; then no connection is accepted any more, calls end within the time for draining, and the
    /// plugin's shutdown is called.
    ///
    /// # Errors
    ///
    /// When the server can't go on.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let dispatcher = Arc::clone(&self.dispatcher);
        let ended = self.run(Box::pin(shutdown)).await;
        dispatcher.shutdown_until(ended.plugins).await;
        ended.outcome
    }

    /// Serves until `shutdown` ends and all calls have ended, or the time for that is over. The plugins go on.
    pub(crate) async fn run(self, shutdown: BoxFuture<'static, ()>) -> Ended {
        let Self {
            dispatcher,
            listener,
            socket,
        } = self;
        let mut tasks = Tasks::new(dispatcher.limits());
        let arrived = tasks.accept(listener);
        tasks.free(socket);
        let stop = tasks.stop();
        tasks.serve(arrived, move |Arrived { stream, permit }| {
            let connection = Connection::new(stream, Arc::clone(&dispatcher), stop.clone());
            Box::pin(async move {
                connection.serve().await;
                drop(permit);
            })
        });
        tasks.run_to_the_last_call(shutdown).await
    }
}

struct Listener(UnixListener);

impl Listen for Listener {
    type Stream = UnixStream;

    /// If it waited, a client would give up on a request that the server has not seen yet, and take the answer for that to its next.
    const HAVE_WAIT: bool = false;

    async fn accept(&self) -> io::Result<Accepted<UnixStream>> {
        let (stream, _) = self.0.accept().await?;
        Ok(Accepted::Ready(stream))
    }
}
