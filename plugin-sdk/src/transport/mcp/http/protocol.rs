//! rmcp's part of a request, and what is made of its answers.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Full};
use rmcp::transport::streamable_http_server::{
    SessionManager, StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use super::{
    reply::{Body, JSON, Refusal, reply},
    sessions::BoundedSessions,
};
use crate::{
    plugin::BoxFuture,
    transport::mcp::{
        handler::McpHandler,
        message::{MessageError, Untaken, code, explain, id_of},
        settings::McpSettings,
    },
};

/// The library as this server uses it.
#[derive(Clone)]
pub(super) struct Protocol {
    library: Library,
    /// Ends all sessions and streams.
    end: Arc<dyn Fn() + Send + Sync>,
}

#[derive(Clone)]
enum Library {
    Stateless(StreamableHttpService<McpHandler, NeverSessionManager>),
    Sessions(StreamableHttpService<McpHandler, BoundedSessions>),
}

impl Protocol {
    pub(super) fn new(handler: McpHandler, settings: &McpSettings) -> Self {
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
        Self {
            library,
            end: Arc::new(move || token.cancel()),
        }
    }

    /// Ends all sessions and streams.
    pub(super) fn end(&self) {
        (self.end)();
    }

    /// Answers a request whose head is checked.
    pub(super) async fn answer(&self, parts: Parts, body: Bytes) -> Response<Body> {
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
        // The library says what is wrong in plain text.
        let status = response.status();
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
            Library::Stateless(service) => Box::pin(async move { service.handle(request).await }),
            Library::Sessions(service) => Box::pin(async move { service.handle(request).await }),
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
