//! Calls over gRPC: a method, a message in, a message out. What they mean is the dispatcher's.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use tonic::{
    Code, Request, Response, Status, Streaming,
    body::Body,
    codec::CompressionEncoding,
    codegen::{Service, StdError},
    server::Grpc,
};

use super::body::RequestBody;
use crate::{
    codec::CodecError,
    dispatch::{AnswerLimit, Dispatcher},
    plugin::BoxFuture,
    protocol::{
        grpc::{BytesCodec, Method},
        health, plugin_config,
        request::InvokeHookRequest,
    },
    repeated::limited,
    server::stop::Stop,
};

/// What a service answers with, in the end.
pub(super) type Answering = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

/// What a call may take, and what sets it, which errors name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) max_reply_size: usize,
    pub(super) reply_setting: &'static str,
    pub(super) body_timeout: Duration,
    pub(super) body_setting: &'static str,
}

/// The methods of both packages. `Clone` is cheap.
#[derive(Clone)]
pub(super) struct Calls(Arc<Inner>);

struct Inner {
    dispatcher: Arc<Dispatcher>,
    bounds: Bounds,
    /// `None` in a server that is not ours to stop.
    stop: Option<Stop>,
}

/// What a message may be compressed with, which is what the hosts' library has. Answers are never compressed.
pub(super) const COMPRESSIONS: [CompressionEncoding; 2] =
    [CompressionEncoding::Gzip, CompressionEncoding::Deflate];

impl Calls {
    pub(super) fn new(dispatcher: Arc<Dispatcher>, bounds: Bounds, stop: Option<Stop>) -> Self {
        Self(Arc::new(Inner {
            dispatcher,
            bounds,
            stop,
        }))
    }

    /// Bounds the body of a request that has one message.
    pub(super) fn bounded<B>(&self, request: http::Request<B>) -> http::Request<RequestBody<B>> {
        let Bounds {
            body_timeout,
            body_setting,
            ..
        } = self.0.bounds;
        request.map(|body| RequestBody::new(body, body_timeout, body_setting))
    }

    /// Answers a request of one of the methods; of any other, that it is not implemented.
    pub(super) fn answer<B>(&self, request: http::Request<B>) -> Answering
    where
        B: http_body::Body + Send + Unpin + 'static,
        B::Data: Clone,
        B::Error: Into<StdError> + Send,
    {
        let Some(method) = Method::of_path(request.uri().path()) else {
            return unimplemented(request.uri().path());
        };
        let inner = Arc::clone(&self.0);
        let limit = inner.dispatcher.limits().max_message_size;
        let deadline = grpc_timeout(request.headers());
        let request = self.bounded(request);
        Box::pin(async move {
            let call = Call(|request: Request<Streaming<Bytes>>| async {
                let message = message(request.into_inner(), limit).await?;
                let answer = inner.call(method, message).await;
                answer.map(Response::new)
            });
            let mut grpc = Grpc::new(BytesCodec).max_decoding_message_size(limit);
            for compression in COMPRESSIONS {
                grpc = grpc.accept_compressed(compression);
            }
            Ok(tokio::select! {
                // Most calls end at once, and then nothing else is looked at.
                biased;
                response = grpc.client_streaming(call, request) => response,
                () = after(deadline) => {
                    Status::deadline_exceeded("the call took longer than its client waits").into_http()
                }
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
                let request =
                    InvokeHookRequest::read(&message).map_err(|error| not_protobuf(&error, &message))?;
                let limit = AnswerLimit {
                    size: self.bounds.max_reply_size,
                    setting: self.bounds.reply_setting,
                };
                return Ok(dispatcher.respond_within(limit, request).await);
            }
            Method::GetPluginConfig(vocabulary) => {
                let name =
                    plugin_config::read_request(&message).map_err(|error| not_protobuf(&error, &message))?;
                dispatcher.config_protobuf(name.as_str(), vocabulary)
            }
            Method::GetPluginConfigs(vocabulary) => dispatcher.configs_protobuf(vocabulary),
            // Whatever service is asked for.
            Method::Health => return Ok(health::write(!self.is_draining()).to_vec()),
        };
        // An answer with configurations has no place for an error.
        let Bounds {
            max_reply_size,
            reply_setting,
            ..
        } = self.bounds;
        if configs.len() > max_reply_size {
            return Err(Status::resource_exhausted(format!(
                "the answer has {} bytes, more than the {max_reply_size} that may be sent ({reply_setting})",
                configs.len(),
            )));
        }
        Ok(configs)
    }

    fn is_draining(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_draining)
    }

    /// Waits until the server breaks off what still runs.
    async fn stopped(&self) {
        match &self.stop {
            Some(stop) => stop.clone().breaks_off().await,
            None => std::future::pending().await,
        }
    }
}

/// Waits for a time, or for ever.
async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// The message of a request, once the request is whole. tonic would read it as a unary call does, but then says too little of what
/// is wrong with it.
async fn message(mut request: Streaming<Bytes>, limit: usize) -> Result<Bytes, Status> {
    let over = |status: Status| over_limit(status, limit);
    let message = request.message().await.map_err(over)?;
    while request.message().await.map_err(over)?.is_some() {}
    message.ok_or_else(|| Status::cancelled("the client took the request back"))
}

/// What tonic answers to a request over the limit names no setting, and is another status than that of the hosts' library.
fn over_limit(status: Status, limit: usize) -> Status {
    let unpacked = match status.code() {
        Code::OutOfRange => "",
        // By which it stops to unpack.
        Code::ResourceExhausted => " unpacked",
        _ => return status,
    };
    let message = format!(
        "the request has more than the {limit} bytes{unpacked} that are read (PLUGINS_MAX_MESSAGE_SIZE)"
    );
    limited!(warn, kind: "requests over the limit"; "{message}");
    Status::resource_exhausted(message)
}

/// How long the client waits, by its `grpc-timeout`. A little less, so that it learns of it from the answer: tonic itself would
/// say that the call was cancelled.
fn grpc_timeout(headers: &http::HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    let time = match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    };
    Some(time.saturating_sub(Duration::from_millis(5)))
}

/// One call, as tonic wants it.
struct Call<F>(F);

impl<F, A> Service<Request<Streaming<Bytes>>> for Call<F>
where
    F: FnMut(Request<Streaming<Bytes>>) -> A,
    A: Future<Output = Result<Response<Vec<u8>>, Status>>,
{
    type Response = Response<Vec<u8>>;
    type Error = Status;
    type Future = A;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> A {
        (self.0)(request)
    }
}

/// The Python server answers what it can't decode with UNKNOWN. Hosts make no difference between the two, and this one says
/// whose mistake it is.
fn not_protobuf(error: &CodecError, message: &Bytes) -> Status {
    limited!(warn, "a request is not protobuf"; %error, size = message.len());
    Status::invalid_argument(format!("the request is not protobuf: {error}"))
}

pub(super) fn unimplemented(path: &str) -> Answering {
    let status = Status::unimplemented(format!("there is no method {path}"));
    Box::pin(async move { Ok(status.into_http()) })
}
