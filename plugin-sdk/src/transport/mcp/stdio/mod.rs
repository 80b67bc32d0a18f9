//! MCP on standard input and output ([protocol, section
//! 4.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#45-standard-input-and-output)).

mod output;
mod reading;
mod streams;

use std::sync::Arc;

#[cfg(any(feature = "cli", feature = "testing"))]
use tokio::net::unix::pipe;

pub(crate) use streams::StdioStreams;

use self::{
    reading::Reading,
    streams::{Reader, Writer},
};
use super::tools::Tools;
use crate::{dispatch::Dispatcher, plugin::BoxFuture, server::ServeError};

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
    let limits = dispatcher.limits().clone();
    let reading = Reading::new(streams, Tools::new(dispatcher), limits);
    let output = reading.output();
    reading.run(shutdown).await;
    match output.problem() {
        Some(problem) => Err(ServeError::new(problem)),
        None => Ok(()),
    }
}
