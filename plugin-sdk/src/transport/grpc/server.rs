//! A gRPC server: accepts, serves, drains.

use std::{io, sync::Arc};

use h2_authority::ValidAuthority;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::transport::Server;

use super::{
    calls::{Bounds, Calls},
    connection::{Connection, ConnectionLimits},
    routes::{Health, Routes},
    settings::GrpcSettings,
};
use crate::{
    dispatch::Dispatcher,
    plugin::BoxFuture,
    server::{
        ServeError,
        incoming::Arrived,
        listener::{Listener, Protocol},
        stop::Stop,
        tasks::Tasks,
    },
    stream::watched::Watched,
};

/// What is gRPC's own where it listens.
pub(crate) const GRPC: Protocol = Protocol {
    scheme: "grpc",
    alpn: &["h2"],
    address_settings: "--grpc-host and --grpc-port",
    uds_setting: "PLUGINS_GRPC_SERVER_UDS",
    over_unix: |stream| Box::new(ValidAuthority::new(stream)),
};

/// What a client may send of one request before it is told to go on. A payload of 64 KiB passes in one go, which the 65 535
/// bytes of HTTP/2 would just not let it.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// The same of all requests of a connection.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

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
            listener: Listener::bind(&settings.listen, &GRPC)?,
            settings: settings.clone(),
        })
    }

    /// Where it listens, for the log.
    pub(crate) fn address(&self) -> String {
        self.listener.to_string()
    }

    /// Serves until `shutdown` ends and all calls have ended, or the time for that is over. The plugins go on.
    pub(crate) async fn run(self, shutdown: BoxFuture<'static, ()>) -> Result<(), ServeError> {
        let limits = self.dispatcher.limits();
        let mut tasks = Tasks::new(limits);
        let (stop, write_timeout) = (tasks.stop(), limits.write_timeout);
        let health = Health::serving().await;
        let arrived = tasks.accept(self.listener);
        let calls = Calls::new(
            self.dispatcher,
            Bounds {
                max_reply_size: self.settings.max_reply_size,
                reply_setting: "PLUGINS_GRPC_SERVER_MAX_REPLY_SIZE",
                body_timeout: self.settings.body_timeout,
                body_setting: "PLUGINS_GRPC_SERVER_BODY_TIMEOUT",
            },
            Some(stop.clone()),
        );
        let routes = Routes::new(calls, &health)?;
        let oldest = self
            .settings
            .max_connection_age
            .map(|age| age.saturating_add(self.settings.max_connection_age_grace));
        let handshake_timeout = self.settings.listen.handshake_timeout;
        let of_connections = stop.clone();
        let connections = ReceiverStream::new(arrived).map(move |Arrived { stream, permit }| {
            let stop = of_connections.clone();
            let limits = ConnectionLimits::new(permit, stop, handshake_timeout, write_timeout, oldest);
            Ok(Watched::new(stream, limits))
        });
        tasks.spawn(serve(builder(&self.settings), routes, connections, stop));
        let shutdown = async {
            shutdown.await;
            // Whoever asks about the health learns of it before the first connection is told to end.
            health.stopping().await;
        };
        tasks.run(shutdown, None).await
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
    connections: impl Stream<Item = io::Result<Connection>> + Send + 'static,
    stop: Stop,
) -> Result<(), ServeError> {
    server
        .serve_with_incoming_shutdown(routes, connections, stop.drains())
        .await
        .map_err(|error| ServeError::new(error.to_string()))
}
