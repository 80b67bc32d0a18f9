//! Opens a transport for a dispatcher. The future that comes back serves it until `stop` ends.

#[cfg(feature = "unix")]
use std::path::Path;
use std::sync::Arc;

use crate::{dispatch::Dispatcher, plugin::BoxFuture};

/// A server that listens, and its end.
pub(crate) type Serving = BoxFuture<'static, Result<(), String>>;

#[cfg(feature = "unix")]
pub(crate) fn unix(
    dispatcher: &Arc<Dispatcher>,
    path: &Path,
    mode: u32,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, String> {
    use super::unix::BoundUnixServer;

    let server =
        BoundUnixServer::bind(Arc::clone(dispatcher), path, mode).map_err(|error| error.to_string())?;
    tracing::info!("listening on unix:{}", path.display());
    Ok(Box::pin(async move {
        server.run(Box::pin(stop)).await;
        Ok(())
    }))
}

#[cfg(feature = "grpc")]
pub(crate) fn grpc(
    dispatcher: &Arc<Dispatcher>,
    settings: &super::grpc::GrpcSettings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, String> {
    use super::grpc::BoundGrpcServer;

    let server =
        BoundGrpcServer::bind(Arc::clone(dispatcher), settings).map_err(|error| error.to_string())?;
    tracing::info!("listening on {}", server.address());
    Ok(Box::pin(async move {
        server
            .run(Box::pin(stop))
            .await
            .map_err(|error| error.to_string())
    }))
}

#[cfg(feature = "mcp")]
pub(crate) fn http(
    dispatcher: &Arc<Dispatcher>,
    settings: &super::mcp::McpSettings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Serving, String> {
    use super::mcp::BoundMcpServer;

    let server = BoundMcpServer::bind(Arc::clone(dispatcher), settings).map_err(|error| error.to_string())?;
    tracing::info!("listening on {}", server.address());
    Ok(Box::pin(async move {
        server
            .run(Box::pin(stop))
            .await
            .map_err(|error| error.to_string())
    }))
}
