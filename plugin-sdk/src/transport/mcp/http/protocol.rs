//! rmcp's part of a request, and what is made of its answers.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Full};
use rmcp::transport::streamable_http_server::{
    SessionManager, StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::value::RawValue;

use super::{
    reply::{Body, JSON, Refusal, reply},
    sessions::BoundedSessions,
};
use crate::{
    plugin::BoxFuture,
    server::drain::{Drain, Draining},
    transport::mcp::{
        direct::{DirectCall, is_known},
        handler::McpHandler,
        message::{MessageError, Untaken, code, explain, id_of},
        settings::McpSettings,
        tools::Tools,
    },
};

/// The library as this server uses it.
#[derive(Clone)]
pub(super) struct Protocol {
    library: Library,
    /// For what is answered without it.
    tools: Tools,
    /// Ends all sessions and streams.
    end: Arc<dyn Fn() + Send + Sync>,
    ended: Draining,
}

#[derive(Clone)]
enum Library {
    Stateless(StreamableHttpService<McpHandler, NeverSessionManager>),
    Sessions(StreamableHttpService<McpHandler, BoundedSessions>),
}

impl Protocol {
    pub(super) fn new(tools: Tools, settings: &McpSettings) -> Self {
        let handler = McpHandler::new(tools.clone());
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(settings.sessions)
            .with_json_response(true)
            .with_sse_retry(None)
            // The host and the size of the body are checked before, by the rules of the Python server and with its answers.
            .disable_allowed_hosts()
            .with_max_request_body_bytes(usize::MAX);
        let token = config.cancellation_token.clone();
        let library = if settings.sessions {
            let sessions = BoundedSessions::new(settings.max_sessions, settings.session_idle_timeout);
            Library::Sessions(service(handler, sessions, config))
        } else {
            Library::Stateless(service(handler, NeverSessionManager::default(), config))
        };
        let (end, ended) = Drain::new();
        let end = move || {
            end.begin();
            token.cancel();
        };
        Self {
            library,
            tools,
            end: Arc::new(end),
            ended,
        }
    }

    /// Ends all sessions and streams.
    pub(super) fn end(&self) {
        (self.end)();
    }

    /// Answers a request whose head is checked.
    pub(super) async fn answer(&self, parts: Parts, body: Bytes) -> Response<Body> {
        match self.direct_call(&parts, &body) {
            Some(call) => self.call(call).await,
            None => self.by_library(parts, body).await,
        }
    }

    pub(super) async fn by_library(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let is_message = parts.method == Method::POST;
        let response = self.ask(parts.clone(), body.clone()).await;
        if !response.status().is_client_error() && !response.status().is_server_error() || is_json(&response)
        {
            return response;
        }
        if is_message && response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            // That it is JSON was checked, so that this is about the message.
            return self.untaken(parts, &body).await;
        }
        let status = response.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR && self.ended.has_begun() {
            return broken_off(id_of(&body));
        }
        // The library says what is wrong in plain text.
        let allow = response.headers().get(header::ALLOW).cloned();
        let text = whole(response.into_body()).await;
        let code = if status.is_server_error() {
            code::INTERNAL_ERROR
        } else {
            code::INVALID_REQUEST
        };
        let error = MessageError {
            id: id_of(&body),
            ..MessageError::new(code, String::from_utf8_lossy(&text))
        };
        let refusal = Refusal::of_error(status, error);
        match allow {
            Some(allow) => refusal.with_allow(allow),
            None => refusal,
        }
        .into_response()
    }

    /// The call of a hook, if that is what a request is and nothing else: not in a session, whose clients take calls back and get
    /// streams of events, and of no version of the protocol that has more headers to check.
    pub(super) fn direct_call(&self, parts: &Parts, body: &Bytes) -> Option<DirectCall> {
        let headers = &parts.headers;
        let mut versions = headers.get_all("mcp-protocol-version").iter();
        let is_known_version = match (versions.next(), versions.next()) {
            (None, _) => true,
            (Some(version), None) => version.to_str().is_ok_and(is_known),
            (Some(_), Some(_)) => false,
        };
        // The library reads quoted parameters, of which no client has any.
        let is_quoted = |accept: &HeaderValue| accept.as_bytes().contains(&b'"');
        let is_plain = parts.method == Method::POST
            && matches!(self.library, Library::Stateless(_))
            && is_known_version
            && !headers.get_all(header::ACCEPT).iter().any(is_quoted);
        is_plain.then(|| DirectCall::read(body)).flatten()
    }

    /// Calls a hook on the task of its connection: the call ends with it.
    async fn call(&self, call: DirectCall) -> Response<Body> {
        let id = call.id().clone();
        tokio::select! {
            biased;
            answer = call.answer(&self.tools) => reply(StatusCode::OK, JSON, answer),
            () = async { self.ended.clone().begun().await } => broken_off(id.to_raw()),
        }
    }

    /// Answers a message that the library does not take as it is.
    async fn untaken(&self, parts: Parts, body: &Bytes) -> Response<Body> {
        let (stand_in, odd_id) = match explain(body) {
            Untaken::Wrong(error) => {
                return Refusal::of_error(StatusCode::BAD_REQUEST, error).into_response();
            }
            Untaken::OddArguments(stand_in) => (stand_in, None),
            Untaken::OddId(odd) => (odd.message.clone(), Some(odd)),
        };
        let answer = self.ask(parts, stand_in).await;
        if answer.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            let error = MessageError::of_stand_in(body);
            return Refusal::of_error(StatusCode::BAD_REQUEST, error).into_response();
        }
        let Some(odd) = odd_id else { return answer };
        let (parts, body) = answer.into_parts();
        let mut restored = reply(parts.status, JSON, odd.restore(&whole(body).await));
        *restored.headers_mut() = parts.headers;
        restored.headers_mut().remove(header::CONTENT_LENGTH);
        restored
    }

    fn ask(&self, mut parts: Parts, body: Bytes) -> BoxFuture<'static, Response<Body>> {
        // It is checked already, and may have forms that the library does not know.
        parts
            .headers
            .insert(header::HOST, HeaderValue::from_static("localhost"));
        let request = Request::from_parts(parts, Full::new(body));
        match self.library.clone() {
            Library::Stateless(service) => {
                Box::pin(async move { service.handle(request).await.map(Body::Library) })
            }
            Library::Sessions(service) => {
                Box::pin(async move { service.handle(request).await.map(Body::Library) })
            }
        }
    }
}

fn service<M: SessionManager>(
    handler: McpHandler,
    sessions: M,
    config: StreamableHttpServerConfig,
) -> StreamableHttpService<McpHandler, M> {
    StreamableHttpService::new(move || Ok(handler.clone()), Arc::new(sessions), config)
}

/// The answer to a call that does not end in the time that there is when the server stops.
fn broken_off(id: Option<Box<RawValue>>) -> Response<Body> {
    let message = "the plugin server is stopping, and breaks off a call that goes on for too long (PLUGINS_DRAIN_TIMEOUT)";
    let error = MessageError {
        id,
        ..MessageError::new(code::INTERNAL_ERROR, message)
    };
    Refusal::of_error(StatusCode::INTERNAL_SERVER_ERROR, error).into_response()
}

fn is_json(response: &Response<Body>) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(JSON.as_bytes()))
}

/// A body that the library has made already.
async fn whole(body: Body) -> Bytes {
    let collected: Result<_, Infallible> = body.collect().await;
    match collected {
        Ok(collected) => collected.to_bytes(),
        Err(never) => match never {},
    }
}
