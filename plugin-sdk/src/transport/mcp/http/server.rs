//! A server of MCP over HTTP: accepts, serves, drains.

use std::{future::poll_fn, pin::pin, sync::Arc};

use http::{Request, Version};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};

use super::{
    clock::{Clock, Timeouts},
    endpoint::Endpoint,
    hang_up::SharedStream,
    hosts::HostRules,
    running::Running,
    self_wakes::SelfWakes,
    service::{ENDPOINT, Service},
};
use crate::{
    dispatch::Dispatcher,
    plugin::BoxFuture,
    protocol::health::PORT_DISTANCE,
    server::{
        ServeError,
        incoming::Arrived,
        listener::{ListenSettings, Listener, Protocol},
        metrics::Metrics,
        stop::Stop,
        tasks::Tasks,
    },
    stream::Duplex,
    transport::mcp::{settings::McpSettings, tools::Tools},
};

/// What is HTTP's own where it listens.
pub(crate) const MCP: Protocol = Protocol {
    scheme: "http",
    alpn: &["http/1.1"],
    address_settings: "--http-host and --http-port",
    uds_setting: "PLUGINS_SERVER_UDS",
    over_unix: |stream| Box::new(stream),
};

/// What is read from a connection at once, at most. hyper begins with little and takes more while there is more.
const READ_BUFFER: usize = 256 * 1024;

/// A server that listens.
pub(crate) struct BoundMcpServer {
    dispatcher: Arc<Dispatcher>,
    listener: Listener,
    /// For health and metrics alone, beside a listener with TLS.
    health: Option<Listener>,
    settings: McpSettings,
}

impl BoundMcpServer {
    /// Listens where the settings say. Must be called in a tokio runtime.
    pub(crate) fn bind(dispatcher: Arc<Dispatcher>, settings: &McpSettings) -> Result<Self, ServeError> {
        let listener = Listener::bind(&settings.listen, &MCP)?;
        let health = match (&settings.listen.tls, listener.tcp_address()) {
            (Some(_), Some(address)) => Some(bind_health(&settings.listen, address.port())?),
            _ => None,
        };
        Ok(Self {
            dispatcher,
            listener,
            health,
            settings: settings.clone(),
        })
    }

    /// Where it listens, for the log.
    pub(crate) fn address(&self) -> String {
        match (self.listener.tcp_address(), self.listener.tls()) {
            (Some(address), None) => format!("http://{address}{ENDPOINT}"),
            (Some(address), Some(_)) => format!("https://{address}{ENDPOINT}"),
            (None, _) => self.listener.to_string(),
        }
    }

    /// Serves until `shutdown` ends and all calls have ended, or the time for that is over. The plugins go on.
    pub(crate) async fn run(self, shutdown: BoxFuture<'static, ()>) -> Result<(), ServeError> {
        let limits = self.dispatcher.limits().clone();
        let mut tasks = Tasks::new(&limits);
        let stop = tasks.stop();
        let running = Running::new();
        let metrics = Metrics::new(self.settings.metrics, "http", self.listener.tls().is_some());
        let endpoint = Endpoint {
            tools: Tools::new(Arc::clone(&self.dispatcher)),
            max_message_size: limits.max_message_size,
            body_timeout: self.settings.body_timeout,
            stop: stop.clone(),
        };
        let service = |has_endpoint: bool, running: Running| {
            Arc::new(Service {
                endpoint: endpoint.clone(),
                has_endpoint,
                rules: HostRules::of(&self.settings),
                metrics: metrics.clone(),
                running,
                stop: stop.clone(),
            })
        };
        let timeouts = Timeouts {
            head: self.settings.header_timeout,
            idle: limits.idle_timeout,
            write: limits.write_timeout,
        };
        let connections = |service| Connections {
            service,
            timeouts,
            max_header_size: self.settings.max_header_size,
            stop: stop.clone(),
        };
        let main = connections(service(true, running.clone()));
        // Who asks about the health is not waited for.
        let aside = connections(service(false, Running::new()));

        // A socket file is free for the next server at once. On TCP there is still an answer for whoever asks about the health.
        let arrived = match self.listener.tcp_address() {
            Some(_) => tasks.accept_longer(self.listener),
            None => tasks.accept(self.listener),
        };
        tasks.serve(arrived, move |arrived| main.connection(arrived));
        if let Some(health) = self.health {
            let arrived = tasks.accept_longer(health);
            tasks.serve(arrived, move |arrived| aside.connection(arrived));
        }
        metrics.keep_up(&mut tasks);
        let calls = Box::pin(async move { running.ended().await });
        tasks.run(shutdown, Some(calls)).await
    }
}

fn bind_health(settings: &ListenSettings, port: u16) -> Result<Listener, ServeError> {
    let Some(port) = port.checked_add(PORT_DISTANCE) else {
        return Err(ServeError::new(format!(
            "with TLS, health and metrics are served without it on the port + {PORT_DISTANCE}, which for {port} is none: \
             choose one up to {} (PLUGINS_SERVER_PORT)",
            u16::MAX - PORT_DISTANCE
        )));
    };
    let settings = ListenSettings {
        port,
        tls: None,
        ..settings.clone()
    };
    Listener::bind(&settings, &MCP)
}

/// How the connections of a listener are served.
struct Connections {
    service: Arc<Service>,
    timeouts: Timeouts,
    max_header_size: usize,
    stop: Stop,
}

impl Connections {
    fn connection(&self, arrived: Arrived<Box<dyn Duplex>>) -> BoxFuture<'static, ()> {
        let clock = Clock::new();
        let stream = SharedStream::new(arrived, Arc::clone(&clock));
        let shared = stream.clone();
        let service = Arc::clone(&self.service);
        let is_late = service.stop.is_draining();
        let stop = self.stop.clone();
        let (max_header_size, timeouts) = (self.max_header_size, self.timeouts);
        Box::pin(async move {
            let for_service = Arc::clone(&clock);
            let service = service_fn(move |request: Request<Incoming>| {
                let clock = Arc::clone(&for_service);
                clock.knows_interim(request.version() == Version::HTTP_11);
                let answer = Arc::clone(&service).answer(request, is_late, Arc::clone(&clock));
                async move {
                    let answer = answer.await;
                    clock.answer();
                    answer
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                // It would run between requests as well. The clock bounds both, each by its own measure.
                .header_read_timeout(None)
                // Who closes its side still gets its answer. Whether it has gone is watched beside.
                .half_close(true)
                .max_header_size(max_header_size)
                .max_buf_size(READ_BUFFER.max(max_header_size))
                .serve_connection(TokioIo::new(stream), service);
            let mut connection = pin!(connection);
            let mut over = pin!(async {
                tokio::select! {
                    () = clock.overdue(timeouts) => {}
                    () = shared.hung_up() => {
                        tracing::debug!("a client hangs up, and its call is taken back");
                    }
                }
            });
            let wakes = SelfWakes::new();
            let ended = tokio::select! {
                biased;
                ended = poll_fn(|task| wakes.poll(task, |task| connection.as_mut().poll(task))) => ended,
                () = &mut over => return,
                () = stop.breaks_off() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection => ended,
                        () = over => return,
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!("a connection ends: {error}");
            }
        })
    }
}
