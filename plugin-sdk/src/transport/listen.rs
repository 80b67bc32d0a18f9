//! Opens a transport for a dispatcher. The future that comes back serves it until `stop` ends.

#[cfg(feature = "unix")]
use std::path::Path;
use std::sync::Arc;

use crate::{dispatch::Dispatcher, plugin::BoxFuture, server::ServeError};

/// A server that listens, and its end.
pub(crate) type Serving = BoxFuture<'static, Result<(), String>>;

#[cfg(feature = "unix")]
pub(crate) fn unix(
    dispatcher: &Arc<Dispatcher>,
    path: &Path,
    mode: u32,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, String> {
    let server = super::unix::BoundUnixServer::bind(Arc::clone(dispatcher), path, mode)
        .map_err(|error| error.to_string())?;
    Ok(serving(&format!("unix:{}", path.display()), async {
        server.run(Box::pin(stop)).await.outcome
    }))
}

#[cfg(feature = "grpc")]
pub(crate) fn grpc(
    dispatcher: &Arc<Dispatcher>,
    settings: &super::grpc::GrpcSettings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, String> {
    let server = super::grpc::BoundGrpcServer::bind(Arc::clone(dispatcher), settings)
        .map_err(|error| error.to_string())?;
    Ok(serving(&server.address(), server.run(Box::pin(stop))))
}

#[cfg(feature = "mcp")]
pub(crate) fn http(
    dispatcher: &Arc<Dispatcher>,
    settings: &super::mcp::McpSettings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, String> {
    let server = super::mcp::BoundMcpServer::bind(Arc::clone(dispatcher), settings)
        .map_err(|error| error.to_string())?;
    Ok(serving(&server.address(), server.run(Box::pin(stop))))
}

fn serving(address: &str, server: impl Future<Output = Result<(), ServeError>> + Send + 'static) -> Serving {
    tracing::info!("listening on {address}");
    let address = address.to_owned();
    Box::pin(async move {
        let outcome = server.await;
        outcome.map_err(|error| format!("the server at {address} can't go on: {error}"))
    })
}
