//! MCP on standard input and output (`protocol.md`, section 4.5).

mod line;
mod output;
mod reading;
mod streams;
#[cfg(test)]
mod tests;
mod transport;

use std::sync::Arc;

use rmcp::service::serve_directly;
#[cfg(any(feature = "cli", feature = "testing"))]
use tokio::net::unix::pipe;
use tokio::{task::JoinSet, time::sleep_until};

pub(crate) use streams::StdioStreams;

use self::{
    reading::Reading,
    streams::{Reader, Writer},
};
use super::{handler::McpHandler, tools::Tools};
use crate::{
    dispatch::Dispatcher,
    plugin::BoxFuture,
    server::{ServeError, drain::Drain},
};

/// Serves until standard input ends or `shutdown` does, and all calls have ended or the time for that is over. The plugins go on.
pub(crate) fn serve_stdio(
    streams: StdioStreams,
    dispatcher: Arc<Dispatcher>,
    shutdown: BoxFuture<'static, ()>,
) -> BoxFuture<'static, Result<(), ServeError>> {
    Box::pin(async move { serve(streams.open(), dispatcher, shutdown).await })
}

/// Serves a pair of pipes until the first ends.
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) async fn serve_pipes(
    (input, output): (pipe::Receiver, pipe::Sender),
    dispatcher: Arc<Dispatcher>,
) -> Result<(), ServeError> {
    let streams = (Box::new(input) as Reader, Box::new(output) as Writer);
    serve(streams, dispatcher, Box::pin(std::future::pending())).await
}

async fn serve(
    streams: (Reader, Writer),
    dispatcher: Arc<Dispatcher>,
    shutdown: BoxFuture<'static, ()>,
) -> Result<(), ServeError> {
    let (drain, draining) = Drain::new();
    let limits = dispatcher.limits().clone();
    let tools = Tools::new(dispatcher);
    let handler = McpHandler::new(tools.clone());
    let (reading, transport, output) = Reading::new(streams, tools, limits);
    // It ends with this.
    let mut tasks = JoinSet::new();
    tasks.spawn(reading.run(draining));
    // The handler answers `initialize` as any request: a client that forgets it, or says something else first, is served too.
    let service = serve_directly(handler, transport, None);
    let ended = service.waiting();
    let time_is_over = async {
        // It panics nowhere, and if it did, nothing would be left to do.
        if let Some(Ok(deadline)) = tasks.join_next().await {
            sleep_until(deadline.connections).await;
        }
    };
    let stopped = async move {
        shutdown.await;
        drain.begin();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = ended => if let Err(error) = ended {
            return Err(ServeError::new(format!("the server on standard input can't go on: {error}")));
        },
        () = time_is_over => {}
        () = stopped => {}
    }
    match output.problem() {
        Some(problem) => Err(ServeError::new(format!(
            "answers can't be written to standard output: {problem}"
        ))),
        None => Ok(()),
    }
}
