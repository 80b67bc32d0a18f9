//! A gRPC server: accepts, serves, drains.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use super::{
    calls::Calls,
    connection::Connection,
    listener::{Accepted, Listener},
    routes::{Health, Routes},
    settings::GrpcSettings,
};
use crate::{
    dispatch::Dispatcher,
    plugin::BoxFuture,
    server::{
        ServeError,
        drain::{Drain, Draining},
        tls::DEFAULT_RELOAD_INTERVAL,
    },
};

/// After a failed accept, such as for want of file descriptors, so long passes before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a client may send of one request before it is told to go on. A payload of 64 KiB passes in one go, which the 65 535
/// bytes of HTTP/2 would just not let it.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// The same of all requests of a connection.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// How long connections may take to end once they are broken off.
const BREAKING_OFF: Duration = Duration::from_secs(1);

/// A server that listens.
pub(crate) struct BoundGrpcServer {
    dispatcher: Arc<Dispatcher>,
    listener: Listener,
    settings: GrpcSettings,
}

impl BoundGrpcServer {
    /// Listens where the settings say. Must be called in a tokio runtime.
    pub(crate) fn bind(dispatcher: Arc<Dispatcher>, settings: &GrpcSettings) -> Result<Self, ServeError> {
        Ok(Self {
            dispatcher,
            listener: Listener::bind(settings)?,
            settings: settings.clone(),
        })
    }

    /// Where it listens, for the log.
    pub(crate) fn address(&self) -> String {
        self.listener.to_string()
    }

    /// Serves until `shutdown` ends and all calls have ended, or the time for that is over. The plugins go on.
    pub(crate) async fn run(self, shutdown: BoxFuture<'static, ()>) -> Result<(), ServeError> {
        let (drain, draining) = Drain::new();
        let (stop, stopped) = Drain::new();
        let health = Health::serving().await;
        let drain_timeout = self.dispatcher.limits().drain_timeout;
        let permits = Arc::new(Semaphore::new(self.dispatcher.limits().max_connections));
        let calls = Calls::new(
            self.dispatcher,
            self.settings.max_reply_size,
            Some(Draining::clone(&draining)),
        );
        let routes = Routes::new(calls, &health)?;
        let (accepted, incoming) = mpsc::channel(1);
        let mut server = JoinSet::new();
        server.spawn(serve(builder(&self.settings), routes, incoming, draining.clone()));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(
            self.listener,
            self.settings,
            permits,
            accepted,
            draining,
            stopped,
        ));

        tokio::select! {
            () = shutdown => {}
            ended = server.join_next() => return ended_early(ended),
        }
        // Whoever asks about the health learns of it before the first connection is told to end.
        health.stopping().await;
        drain.begin();
        accepting.shutdown().await;
        if tokio::time::timeout(drain_timeout, server.join_next())
            .await
            .is_err()
        {
            tracing::warn!(
                "calls go on after {} s of draining (PLUGINS_DRAIN_TIMEOUT) and are broken off",
                drain_timeout.as_secs_f64()
            );
            stop.begin();
            // Each connection notices by itself; nothing is left to do for one that does not.
            let _ = tokio::time::timeout(BREAKING_OFF, server.join_next()).await;
        }
        Ok(())
    }
}

fn builder(settings: &GrpcSettings) -> Server {
    let mut server = Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(settings.max_concurrent_streams)
        .http2_max_header_list_size(settings.max_header_list_size)
        .http2_keepalive_interval(Some(settings.keepalive_interval))
        .http2_keepalive_timeout(Some(settings.keepalive_timeout));
    if let Some(age) = settings.max_connection_age {
        // tonic's own grace would take the place of the friendly end, so that of ours is kept by the connection.
        server = server.max_connection_age(age);
    }
    server
}

/// A function of its own, so that its future is known to be `Send`.
async fn serve(
    server: Server,
    routes: Routes,
    incoming: mpsc::Receiver<io::Result<Connection>>,
    draining: Draining,
) -> Result<(), tonic::transport::Error> {
    server
        .serve_with_incoming_shutdown(routes, ReceiverStream::new(incoming), draining.begun())
        .await
}

fn ended_early(
    ended: Option<Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>>,
) -> Result<(), ServeError> {
    let reason = match ended {
        Some(Ok(Err(error))) => error.to_string(),
        Some(Err(error)) => error.to_string(),
        Some(Ok(Ok(()))) | None => "no more connections are accepted".to_owned(),
    };
    Err(ServeError::new(format!("the gRPC server can't go on: {reason}")))
}

/// Accepts connections for as long as somebody takes them.
async fn accept(
    listener: Listener,
    settings: GrpcSettings,
    permits: Arc<Semaphore>,
    accepted: mpsc::Sender<io::Result<Connection>>,
    draining: Draining,
    stopped: Draining,
) {
    let oldest = settings
        .max_connection_age
        .map(|age| age.saturating_add(settings.max_connection_age_grace));
    let connection = {
        let (draining, stopped) = (draining, stopped.clone());
        move |stream, permit| {
            Connection::new(
                stream,
                permit,
                (draining.clone(), stopped.clone()),
                settings.handshake_timeout,
                oldest,
            )
        }
    };
    // Ends with the loop: a handshake that is under way when the server stops has no call to lose.
    let mut background = JoinSet::new();
    if let Some(tls) = listener.tls().cloned() {
        background.spawn(async move { tls.watch(DEFAULT_RELOAD_INTERVAL, stopped.begun()).await });
    }
    loop {
        while background.try_join_next().is_some() {}
        let Some(permit) = permit(&permits).await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok(Accepted::Ready(stream)) => stream,
            Ok(Accepted::Handshake(handshake)) => {
                let (accepted, connection) = (accepted.clone(), connection.clone());
                background.spawn(async move {
                    if let Some(stream) = handshake.await {
                        // Fails only when the server is stopping.
                        let _ = accepted.send(Ok(connection(stream, permit))).await;
                    }
                });
                continue;
            }
            Err(error) => {
                tracing::error!(%error, "a connection can't be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if accepted.send(Ok(connection(stream, permit))).await.is_err() {
            return;
        }
    }
}

async fn permit(permits: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
        return Some(permit);
    }
    tracing::warn!("all connections are taken (PLUGINS_MAX_CONNECTIONS); further ones wait");
    Arc::clone(permits).acquire_owned().await.ok()
}
