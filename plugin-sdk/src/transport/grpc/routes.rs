//! Every service on the port: the plugins under both names, the standard health service, and reflection.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use plugin_sdk_proto::FILE_DESCRIPTOR_SET;
use tonic::{body::Body, codegen::Service};
use tonic_health::{
    ServingStatus,
    pb::{FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTOR_SET, health_server::HealthServer},
    server::{HealthReporter, HealthService},
};
use tonic_reflection::server::Builder;

use super::{
    calls::{Answering, COMPRESSIONS, Calls},
    head,
};
use crate::{
    protocol::grpc::{CURRENT_HEALTH, CURRENT_SERVICE, OLDER_HEALTH, OLDER_SERVICE},
    server::ServeError,
};

const HEALTH: &str = "grpc.health.v1.Health";
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection";
const REFLECTION_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

/// How long watchers of the health have to receive the last status before their calls end; they would go on for ever.
const LAST_STATUS: Duration = Duration::from_millis(100);

/// A service whose type has no name.
type Erased = Arc<dyn Fn(http::Request<Body>) -> Answering + Send + Sync>;

/// All services, told apart by the path. `Clone` is cheap.
#[derive(Clone)]
pub(super) struct Routes {
    calls: Calls,
    health: HealthServer<HealthService>,
    reflection: Erased,
    reflection_alpha: Erased,
}

impl Routes {
    pub(super) fn new(calls: Calls, health: &Health) -> Result<Self, ServeError> {
        let unusable = |error| ServeError::new(format!("reflection can't be served: {error}"));
        let reflection = descriptors().build_v1().map_err(unusable)?;
        let reflection_alpha = descriptors().build_v1alpha().map_err(unusable)?;
        let [gzip, deflate] = COMPRESSIONS;
        let reflection = reflection.accept_compressed(gzip).accept_compressed(deflate);
        let reflection_alpha = reflection_alpha
            .accept_compressed(gzip)
            .accept_compressed(deflate);
        Ok(Self {
            calls,
            health: COMPRESSIONS.into_iter().fold(
                HealthServer::new(HealthService::from_health_reporter(health.0.clone())),
                HealthServer::accept_compressed,
            ),
            reflection: Arc::new(move |request| reflection.clone().call(request)),
            reflection_alpha: Arc::new(move |request| reflection_alpha.clone().call(request)),
        })
    }
}

fn descriptors() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(HEALTH_DESCRIPTOR_SET)
}

impl Service<http::Request<Body>> for Routes {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answering {
        if let Some(refusal) = head::refusal(&request) {
            return refusal;
        }
        let path = request.uri().path();
        match path.strip_prefix('/').and_then(|path| path.split_once('/')) {
            Some((HEALTH, _)) => self.health.call(self.calls.bounded(request)),
            Some((REFLECTION, _)) => (self.reflection)(request),
            Some((REFLECTION_ALPHA, _)) => (self.reflection_alpha)(request),
            _ => self.calls.answer(request),
        }
    }
}

/// What `grpc.health.v1.Health` says of the server as a whole and of each of its services.
pub(super) struct Health(HealthReporter);

impl Health {
    pub(super) async fn serving() -> Self {
        let health = Self(HealthReporter::new());
        health.set(ServingStatus::Serving).await;
        health
    }

    async fn set(&self, status: ServingStatus) {
        for name in Self::names() {
            self.0.set_service_status(name, status).await;
        }
    }

    /// Says that the server is about to stop, and ends the calls of those who watch.
    pub(super) async fn stopping(&self) {
        self.set(ServingStatus::NotServing).await;
        let mut reporter = self.0.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LAST_STATUS).await;
            for name in Self::names() {
                reporter.clear_service_status(name).await;
            }
        });
    }

    fn names() -> impl Iterator<Item = &'static str> + Send {
        ["", CURRENT_SERVICE, OLDER_SERVICE, CURRENT_HEALTH, OLDER_HEALTH].into_iter()
    }
}
