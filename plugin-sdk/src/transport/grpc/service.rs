//! The plugin as a service in a tonic server of the author's own.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tonic::{
    body::Body,
    codegen::{Service, StdError},
    server::NamedService,
};

use super::{
    calls::{Answering, Bounds, Calls},
    head,
    settings::{DEFAULT_BODY_TIMEOUT, DEFAULT_MAX_REPLY_SIZE},
};
use crate::{
    dispatch::Dispatcher,
    limits::Limits,
    plugin::Plugin,
    protocol::grpc::{CURRENT_SERVICE, OLDER_SERVICE},
};

/// A plugin as a gRPC service, for a tonic server of the author's own. [`run`](crate::run) makes a whole server by itself.
///
/// It is `cpex.PluginService`, which current hosts call. [`for_older_hosts`](Self::for_older_hosts) gives
/// `mcpgateway.plugins.PluginService` next to it. The server's limits, health, reflection and TLS are the author's; Python hosts
/// reach a tonic server on TCP only, since they send an `:authority` over Unix sockets that tonic refuses.
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
/// let service = NoDangerousTools::default().into_grpc_service();
/// tonic::transport::Server::builder().serve("127.0.0.1:50051".parse()?, service).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct GrpcService {
    dispatcher: Arc<Dispatcher>,
    bounds: Bounds,
}

impl GrpcService {
    /// The service of one plugin, under the name that it gives itself, with the default limits.
    pub fn new<P: Plugin>(plugin: P) -> Self {
        Self {
            dispatcher: Arc::new(Dispatcher::of_plugin(plugin)),
            bounds: Bounds {
                max_reply_size: DEFAULT_MAX_REPLY_SIZE,
                reply_setting: "GrpcService::with_max_reply_size",
                body_timeout: DEFAULT_BODY_TIMEOUT,
                body_setting: "GrpcService::with_body_timeout",
            },
        }
    }

    /// Sets the limits. Those of a call hold here: the size of a message, nesting, the time of a call.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.dispatcher = Arc::new(Dispatcher::clone(&self.dispatcher).with_limits(limits));
        self
    }

    /// Sets the largest answer in bytes; a larger one becomes an error answer. 4 MiB, which is what hosts take.
    #[must_use]
    pub fn with_max_reply_size(mut self, size: usize) -> Self {
        self.bounds.max_reply_size = size;
        self
    }

    /// Sets how long the message of a request may take to arrive. 30 seconds if not set.
    #[must_use]
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        self.bounds.body_timeout = timeout;
        self
    }

    /// The same plugin as the service that hosts up to 1.0.0 call.
    pub fn for_older_hosts(&self) -> OlderGrpcService {
        OlderGrpcService(self.clone())
    }

    /// Calls the plugin's shutdown, once the server has stopped.
    pub async fn shutdown(&self) {
        self.dispatcher.shutdown().await;
    }

    fn answer<B>(&self, request: http::Request<B>) -> Answering
    where
        B: http_body::Body + Send + 'static,
        B::Data: Clone,
        B::Error: Into<StdError> + Send,
    {
        if let Some(refusal) = head::refusal(&request) {
            return refusal;
        }
        let dispatcher = Arc::clone(&self.dispatcher);
        Calls::new(dispatcher, self.bounds, None).answer(request.map(Box::pin))
    }
}

impl fmt::Debug for GrpcService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GrpcService")
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

/// A [`GrpcService`] as `mcpgateway.plugins.PluginService`, which hosts up to 1.0.0 call. It reports modes by their older names.
#[derive(Clone, Debug)]
pub struct OlderGrpcService(GrpcService);

/// What tonic asks of a service with this name; `answer` finds the plugin's.
macro_rules! named_service {
    ($service:ty, $name:expr, $answer:expr) => {
        impl NamedService for $service {
            const NAME: &'static str = $name;
        }

        impl<B> Service<http::Request<B>> for $service
        where
            B: http_body::Body + Send + 'static,
            B::Data: Clone,
            B::Error: Into<StdError> + Send,
        {
            type Response = http::Response<Body>;
            type Error = Infallible;
            type Future = Answering;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<B>) -> Answering {
                let answer: fn(&Self) -> &GrpcService = $answer;
                answer(self).answer(request)
            }
        }
    };
}

named_service!(GrpcService, CURRENT_SERVICE, |service| service);
named_service!(OlderGrpcService, OLDER_SERVICE, |service| &service.0);
