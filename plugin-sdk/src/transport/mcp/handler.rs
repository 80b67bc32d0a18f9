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
    http::{Endpoint, RequestBody, not_started},
    methods::Work,
    tools::Tools,
};
use crate::{
    dispatch::{Dispatcher, StartError},
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
    served: Result<Endpoint, StartError>,
    /// Calls go on for as long as there is one of these.
    _stopper: Arc<Stopper>,
}

/// How long the body of a request may take, as in a server of [`run`](crate::run).
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

impl McpHandler {
    /// The handler of one plugin, under the name that it gives itself, with the default limits.
    pub fn of<P: Plugin>(plugin: P) -> Self {
        Self::with_limits(plugin, Limits::default())
    }

    /// The handler of one plugin. Of the limits those of a call hold here: size of a message, nesting, time of a call.
    pub fn with_limits<P: Plugin>(plugin: P, limits: Limits) -> Self {
        let (stopper, stop) = Stopper::new();
        let max_message_size = limits.max_message_size;
        let dispatcher = Dispatcher::of_plugin(plugin);
        if let Err(error) = &dispatcher {
            tracing::error!("{error}");
        }
        Self {
            served: dispatcher.map(|dispatcher| Endpoint {
                tools: Tools::new(Arc::new(dispatcher.with_limits(limits))),
                max_message_size,
                body_timeout: BODY_TIMEOUT,
                stop,
            }),
            _stopper: Arc::new(stopper),
        }
    }

    #[cfg(feature = "rmcp")]
    pub(super) fn served(&self) -> &Result<Endpoint, StartError> {
        &self.served
    }

    /// Answers one message of JSON-RPC. A notification has no answer. The call of a hook ends when this future is dropped.
    pub async fn handle(&self, message: Bytes) -> Option<Bytes> {
        if let Ok(endpoint) = &self.served
            && message.len() > endpoint.max_message_size
        {
            let problem = format!(
                "the request is longer than the {} bytes that are read (max_message_size)",
                endpoint.max_message_size
            );
            let error = MessageError::new(code::INVALID_REQUEST, problem).with_id(id_of(&message));
            return Some(Answer::from(error).body.into());
        }
        let answer = match read(&message) {
            Ok(Message::Request(request)) => match (&self.served, request.revision()) {
                (Ok(endpoint), Ok(revision)) => match endpoint.tools.take(&message, &request, revision) {
                    Work::Done(answer) => answer,
                    Work::Hook(call) => call.answer(&endpoint.tools).await,
                },
                (Ok(_), Err(error)) => error.into(),
                (Err(error), _) => MessageError::new(code::INTERNAL_ERROR, error.to_string())
                    .with_id(Some(request.id.clone()))
                    .into(),
            },
            Ok(Message::Notification(_) | Message::Response) => return None,
            Err(error) => Answer::from(error),
        };
        Some(answer.body.into())
    }

    async fn serve(&self, request: Request<impl RequestBody>) -> Response<Full<Bytes>> {
        match &self.served {
            Ok(endpoint) => endpoint.serve(request).await,
            Err(error) => not_started(error),
        }
    }

    /// Calls the plugin's shutdown, once the server has stopped.
    pub async fn shutdown(&self) {
        if let Ok(endpoint) = &self.served {
            endpoint.tools.dispatcher().shutdown().await;
        }
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
        // The whole handler: whoever called may drop theirs before the answer is there.
        let handler = self.clone();
        Box::pin(async move { Ok(handler.serve(request).await) })
    }
}

impl fmt::Debug for McpHandler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("McpHandler").finish_non_exhaustive()
    }
}
