//! The server's life: create the plugins, listen, announce it, stop on a signal.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::{task::JoinSet, time::Instant};

use super::configuration::Configuration;
use super::output::take_output;
use super::printed::Printed;
use super::runtime::runtime;
use super::settings::{Settings, Transport};
use super::signals::{self, ProcessStop};
use super::transports::served;
use crate::dispatch::Dispatcher;
use crate::plugin::BoxFuture;
#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
use crate::transport::listen;

/// Serves until a signal, and returns when everything has been shut down.
pub(crate) fn serve(configuration: &Configuration, transports: &[Transport]) -> Result<(), String> {
    let runtime = runtime(configuration)?;
    let outcome = runtime.block_on(run(configuration, transports));
    // A hook that still blocks its thread must not keep the process alive.
    runtime.shutdown_background();
    outcome
}

async fn run(configuration: &Configuration, transports: &[Transport]) -> Result<(), String> {
    let drain_timeout = configuration.settings.limits.time_to_stop();
    let stop = signals::listen(drain_timeout + LAST_STEPS)
        .map_err(|error| format!("signals cannot be handled: {error}"))?;
    #[cfg(feature = "mcp")]
    if transports.contains(&Transport::Http) && configuration.settings.http.metrics {
        crate::server::metrics::install();
    }
    // Before the plugins, which may print.
    #[cfg(feature = "mcp")]
    let mut stdio = take_stdio(transports)?;
    let is_ours = !transports.contains(&Transport::Stdio);
    let output = is_ours.then(take_output).transpose()?;
    let _printed =
        Printed::take().map_err(|error| format!("standard output can't be taken over: {error}"))?;
    let dispatcher = tokio::select! {
        biased;
        dispatcher = start(configuration) => Arc::new(dispatcher?),
        // Asked to stop before anything ran.
        () = stop.clone().requested() => return Ok(()),
    };
    let outcome = async {
        // Nothing is answered before all of them listen. What listens is closed when one fails.
        let mut listening = Vec::new();
        for transport in transports {
            #[cfg(feature = "mcp")]
            if *transport == Transport::Stdio {
                listening.push(listen_stdio(stdio.take(), &dispatcher, &stop)?);
                continue;
            }
            listening.push(open(*transport, &dispatcher, &configuration.settings, &stop)?);
        }
        let mut servers: JoinSet<_> = listening.into_iter().collect();
        if let Some(output) = output {
            announce(output);
        }
        let mut outcome = Ok(());
        while let Some(ended) = servers.join_next().await {
            let ended = ended.unwrap_or_else(|error| Err(format!("a server ended unexpectedly: {error}")));
            outcome = outcome.and(ended);
            // If one transport cannot go on, none does: half a server is hard to notice.
            stop.request();
        }
        outcome
    }
    .await;
    let until = stop.requested_at().unwrap_or_else(Instant::now) + drain_timeout;
    dispatcher.shutdown_until(until).await;
    outcome
}

/// After the time for stopping, the process has this long to end by itself.
const LAST_STEPS: Duration = Duration::from_millis(250);

/// Creates the plugins.
pub(crate) async fn start(configuration: &Configuration) -> Result<Dispatcher, String> {
    let Configuration {
        kinds,
        instances,
        settings,
        fail_on_plugin_error,
        ..
    } = configuration;
    Dispatcher::start(kinds, instances, *fail_on_plugin_error, settings.limits.clone())
        .await
        .map_err(|error| configuration.explain(&error))
}

/// Opens the transport. The returned future serves it.
fn open(
    transport: Transport,
    dispatcher: &Arc<Dispatcher>,
    settings: &Settings,
    stop: &ProcessStop,
) -> Result<BoxFuture<'static, Result<(), String>>, String> {
    let stop = stop.clone().requested();
    match transport {
        #[cfg(feature = "unix")]
        Transport::Unix => listen::unix(dispatcher, &settings.socket_path, settings.socket_mode, stop),
        #[cfg(feature = "grpc")]
        Transport::Grpc => listen::grpc(dispatcher, &settings.grpc, stop),
        #[cfg(feature = "mcp")]
        Transport::Http => listen::http(dispatcher, &settings.http, stop),
        _ => {
            let _ = (dispatcher, settings, stop);
            served(transport).map(|()| -> BoxFuture<'static, _> { Box::pin(async { Ok(()) }) })
        }
    }
}

/// Takes over standard input and output if they are served.
#[cfg(feature = "mcp")]
fn take_stdio(transports: &[Transport]) -> Result<Option<crate::transport::mcp::StdioStreams>, String> {
    use crate::transport::mcp::StdioStreams;

    let is_served = transports.contains(&Transport::Stdio);
    is_served
        .then(StdioStreams::take)
        .transpose()
        .map_err(|error| error.to_string())
}

#[cfg(feature = "mcp")]
fn listen_stdio(
    streams: Option<crate::transport::mcp::StdioStreams>,
    dispatcher: &Arc<Dispatcher>,
    stop: &ProcessStop,
) -> Result<BoxFuture<'static, Result<(), String>>, String> {
    let streams = streams.ok_or("standard input and output are served already")?;
    let stop = stop.clone().requested();
    let served = crate::transport::mcp::serve_stdio(streams, Arc::clone(dispatcher), Box::pin(stop));
    tracing::info!("serving standard input and output");
    Ok(Box::pin(async move {
        served.await.map_err(|error| error.to_string())
    }))
}

/// Tells the parent process that connections are accepted.
fn announce(mut output: &File) {
    if let Err(error) = output.write_all(b"READY\n") {
        // The parent process may have closed the pipe; hosts can connect all the same.
        tracing::warn!("READY cannot be written to stdout: {error}");
    }
}
