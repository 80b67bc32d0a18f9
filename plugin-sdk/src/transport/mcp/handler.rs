//! A plugin as an MCP server that somebody else's server or transport carries.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;

use super::{
    http::{Endpoint, RequestBody},
    methods::Work,
    tools::Tools,
};
use crate::{
    dispatch::Dispatcher,
    limits::Limits,
    plugin::{BoxFuture, Plugin},
    protocol::{
        code,
        mcp::{
            answer::Answer,
            error::MessageError,
            request::{Message, id_of, read},
        },
    },
    server::stop::Stopper,
};

/// A plugin as an MCP server inside a server of your own: a [`tower_service::Service`] for the endpoint of streamable HTTP, and
/// [`handle`](Self::handle) for any other transport. [`run`](crate::run) makes a whole server by itself.
///
/// It has the tools that hosts call: `get_plugin_configs`, `get_plugin_config` and `invoke_hook`. It answers `POST` with plain
/// JSON and keeps no sessions, so that hosts do not notice a restart. `Clone` is cheap.
///
/// As a service it checks the content type, the media types that the client accepts, the size of the body
/// ([`Limits::max_message_size`]) and the headers of MCP. The headers `Host` and `Origin` are for your server to check: see
/// [DNS rebinding](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning).
///
/// In axum:
///
/// ```
/// # use plugin_sdk::prelude::*;
/// # #[plugin(hooks = [tool_pre_invoke])]
/// # #[derive(Default)]
/// # struct NoDangerousTools;
/// # impl NoDangerousTools {
/// #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
/// #         Ok(PluginResult::allow())
/// #     }
/// # }
/// # fn app() -> axum::Router {
/// let handler = NoDangerousTools::default().into_mcp_handler();
/// axum::Router::new().route_service("/mcp", handler)
/// # }
/// ```
///
/// With a transport of your own, one message at a time:
///
/// ```
/// # use plugin_sdk::prelude::*;
/// # #[plugin(hooks = [tool_pre_invoke])]
/// # #[derive(Default)]
/// # struct NoDangerousTools;
/// # impl NoDangerousTools {
/// #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
/// #         Ok(PluginResult::allow())
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let handler = NoDangerousTools::default().into_mcp_handler();
/// let answer = handler.handle(r#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#.into()).await;
/// assert_eq!(answer.unwrap(), r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
/// # }
/// ```
#[derive(Clone)]
pub struct McpHandler {
    endpoint: Endpoint,
    /// Calls go on for as long as there is one of these.
    _stopper: Arc<Stopper>,
}

/// How long the body of a request may take, as in a server of [`run`](crate::run).
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

impl McpHandler {
    /// The handler of one plugin, under the name that it gives itself, with the default limits.
    pub fn new<P: Plugin>(plugin: P) -> Self {
        let (stopper, stop) = Stopper::new();
        let dispatcher = Dispatcher::of_plugin(plugin);
        Self {
            endpoint: Endpoint {
                max_message_size: dispatcher.limits().max_message_size,
                tools: Tools::new(Arc::new(dispatcher)),
                body_timeout: BODY_TIMEOUT,
                stop,
            },
            _stopper: Arc::new(stopper),
        }
    }

    /// Sets the limits. Those of a call hold here: the size of a message, nesting, the time of a call.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.endpoint.max_message_size = limits.max_message_size;
        let dispatcher = Dispatcher::clone(self.endpoint.tools.dispatcher()).with_limits(limits);
        self.endpoint.tools = Tools::new(Arc::new(dispatcher));
        self
    }

    /// Answers one message of JSON-RPC. A notification has no answer. The call of a hook ends when this future is dropped.
    pub async fn handle(&self, message: Bytes) -> Option<Bytes> {
        let limit = self.endpoint.max_message_size;
        if message.len() > limit {
            let problem =
                format!("the request is longer than the {limit} bytes that are read (max_message_size)");
            let error = MessageError::new(code::INVALID_REQUEST, problem).with_id(id_of(&message));
            return Some(Answer::from(error).body.into());
        }
        let answer = match read(&message) {
            Ok(Message::Request(request)) => match request.revision() {
                Ok(revision) => match self.endpoint.tools.take(&message, &request, revision) {
                    Work::Done(answer) => answer,
                    Work::Hook(call) => call.answer(&self.endpoint.tools).await,
                },
                Err(error) => error.into(),
            },
            Ok(Message::Notification(_) | Message::Response) => return None,
            Err(error) => Answer::from(error),
        };
        Some(answer.body.into())
    }

    async fn serve(&self, request: Request<impl RequestBody>) -> Response<Full<Bytes>> {
        self.endpoint.serve(request).await
    }

    /// Calls the plugin's shutdown, once the server has stopped.
    pub async fn shutdown(&self) {
        self.endpoint.tools.dispatcher().shutdown().await;
    }
}

impl<B: RequestBody + 'static> tower_service::Service<Request<B>> for McpHandler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The whole handler: the caller may drop its own before the answer is there.
        let handler = self.clone();
        Box::pin(async move { Ok(handler.serve(request).await) })
    }
}

impl fmt::Debug for McpHandler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("McpHandler").finish_non_exhaustive()
    }
}
