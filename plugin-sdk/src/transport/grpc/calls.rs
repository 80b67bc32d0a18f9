//! Calls over gRPC: a method, a message in, a message out. What they mean is the dispatcher's.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{Service, StdError},
    server::Grpc,
};

use super::{body::TimedBody, bytes_codec::BytesCodec, method::Method};
use crate::{
    codec::CodecError,
    dispatch::{AnswerLimit, Dispatcher, protobuf::RequestFields},
    plugin::BoxFuture,
    server::drain::Draining,
};

/// What a service answers with, in the end.
pub(super) type Answering = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

/// The variable of the largest answer, which the error that it causes names.
const REPLY_SETTING: &str = "PLUGINS_GRPC_SERVER_MAX_REPLY_SIZE";

/// The methods of both packages. `Clone` is cheap.
#[derive(Clone)]
pub(super) struct Calls(Arc<Inner>);

struct Inner {
    dispatcher: Arc<Dispatcher>,
    max_reply_size: usize,
    body_timeout: Duration,
    /// `None` in a server that is not ours to stop.
    stopping: Option<Stopping>,
}

/// How far a server is with stopping.
#[derive(Clone)]
pub(super) struct Stopping {
    pub(super) draining: Draining,
    /// Draining is over: whatever still runs is broken off.
    pub(super) stopped: Draining,
}

impl Calls {
    pub(super) fn new(
        dispatcher: Arc<Dispatcher>,
        max_reply_size: usize,
        body_timeout: Duration,
        stopping: Option<Stopping>,
    ) -> Self {
        Self(Arc::new(Inner {
            dispatcher,
            max_reply_size,
            body_timeout,
            stopping,
        }))
    }

    /// Answers a request of one of the methods; of any other, that it is not implemented.
    pub(super) fn answer<B>(&self, request: http::Request<B>) -> Answering
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<StdError> + Send,
    {
        let Some(method) = Method::of_path(request.uri().path()) else {
            return unimplemented(request.uri().path());
        };
        let inner = Arc::clone(&self.0);
        let limit = inner.dispatcher.limits().max_message_size;
        let body_timeout = inner.body_timeout;
        let request = request.map(|body| TimedBody::new(body, body_timeout));
        let call = Call {
            calls: self.clone(),
            method,
        };
        Box::pin(async move {
            let mut grpc = Grpc::new(BytesCodec).max_decoding_message_size(limit);
            Ok(tokio::select! {
                // Most calls end at once, and then nothing else is looked at.
                biased;
                response = grpc.unary(call, request) => response,
                () = inner.stopped() => {
                    Status::unavailable("the plugin server stops, and the call took longer than that waits").into_http()
                }
            })
        })
    }
}

impl Inner {
    async fn call(&self, method: Method, message: Bytes) -> Result<Vec<u8>, Status> {
        let dispatcher = &self.dispatcher;
        let configs = match method {
            Method::InvokeHook => {
                let invocation = fields(&message)?.into_invocation();
                let limit = AnswerLimit {
                    size: self.max_reply_size,
                    setting: REPLY_SETTING,
                };
                return Ok(dispatcher.invoke_protobuf(invocation, limit).await);
            }
            Method::GetPluginConfig(vocabulary) => {
                dispatcher.config_protobuf(fields(&message)?.first.as_str(), vocabulary)
            }
            Method::GetPluginConfigs(vocabulary) => dispatcher.configs_protobuf(vocabulary),
            // `HealthCheckResponse.status`, whatever service is asked for: 1 is SERVING, 2 is NOT_SERVING.
            Method::Health => return Ok(vec![0x08, if self.is_draining() { 2 } else { 1 }]),
        };
        // An answer with configurations has no place for an error.
        if configs.len() > self.max_reply_size {
            return Err(Status::resource_exhausted(format!(
                "the answer has {} bytes, more than the {} that may be sent ({REPLY_SETTING})",
                configs.len(),
                self.max_reply_size
            )));
        }
        Ok(configs)
    }

    fn is_draining(&self) -> bool {
        self.stopping
            .as_ref()
            .is_some_and(|stopping| stopping.draining.has_begun())
    }

    /// Waits until the server breaks off what still runs.
    async fn stopped(&self) {
        match &self.stopping {
            Some(stopping) => stopping.stopped.clone().begun().await,
            None => std::future::pending().await,
        }
    }
}

/// One call, as tonic wants it.
struct Call {
    calls: Calls,
    method: Method,
}

impl Service<Request<Bytes>> for Call {
    type Response = Response<Vec<u8>>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let (calls, method) = (self.calls.clone(), self.method);
        Box::pin(async move {
            calls
                .0
                .call(method, request.into_inner())
                .await
                .map(Response::new)
        })
    }
}

/// The Python server answers what it can't decode with UNKNOWN. Hosts make no difference between the two, and this one says
/// whose mistake it is.
fn fields(message: &Bytes) -> Result<RequestFields, Status> {
    RequestFields::read(message).map_err(|error: CodecError| {
        tracing::warn!(%error, size = message.len(), "a request is not protobuf");
        Status::invalid_argument(format!("the request is not protobuf: {error}"))
    })
}

pub(super) fn unimplemented(path: &str) -> Answering {
    let status = Status::unimplemented(format!("there is no method {path}"));
    Box::pin(async move { Ok(status.into_http()) })
}
