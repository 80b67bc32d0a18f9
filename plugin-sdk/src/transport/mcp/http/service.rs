//! One request, from its head to its answer.

use std::{convert::Infallible, future::poll_fn, ops::ControlFlow, pin::pin, sync::Arc, time::Duration};

use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body::Body as _;
use hyper::body::Incoming;

use super::{
    body, checks,
    connection::Clock,
    health,
    hosts::HostRules,
    protocol::Protocol,
    reply::{Body, Refusal, close, reply},
    running::{Running, RunningBody},
};
use crate::{
    dispatch::{code::STOPPING, guard},
    server::{drain::Draining, metrics::Metrics},
    transport::mcp::message::{MessageError, code},
};

/// Where MCP is.
pub(super) const ENDPOINT: &str = "/mcp";

/// What all connections share.
pub(super) struct Service {
    /// `None` where only health and metrics are served.
    pub(super) protocol: Option<Protocol>,
    pub(super) rules: HostRules,
    pub(super) metrics: Metrics,
    pub(super) running: Running,
    pub(super) draining: Draining,
    pub(super) sessions: bool,
    pub(super) max_message_size: usize,
    pub(super) body_timeout: Duration,
}

impl Service {
    /// Answers a request; on a connection that is late, which came when the server was stopping already, only those about its
    /// health. What panics on the way costs an answer, not the connection.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        is_late: bool,
        clock: Arc<Clock>,
    ) -> Result<Response<RunningBody>, Infallible> {
        clock.request();
        // A stream that a client only listens on is not waited for when the server stops.
        let is_counted = request.method() != Method::GET && !is_late;
        let running = is_counted.then(|| self.running.begin()).flatten();
        let is_late = is_late || (is_counted && running.is_none());
        let routed = {
            let mut route = pin!(self.route(request, is_late));
            poll_fn(|task| guard::poll(route.as_mut(), task)).await
        };
        let mut response = routed.unwrap_or_else(|panic| {
            tracing::error!("the server {panic}");
            tracing::debug!("the panic says: {}", panic.text());
            let error = MessageError::new(code::INTERNAL_ERROR, "the server panicked");
            Refusal::of_error(StatusCode::INTERNAL_SERVER_ERROR, error).into_response()
        });
        if self.draining.has_begun() {
            close(&mut response);
        }
        Ok(response.map(|body| RunningBody::new(body, running, clock)))
    }

    async fn route(&self, request: Request<Incoming>, is_late: bool) -> Response<Body> {
        let (parts, mut body) = request.into_parts();
        let (mut answer, is_awaited) = match self.read_head(&parts, is_late) {
            ControlFlow::Continue(protocol) => {
                match body::read(&mut body, self.max_message_size, self.body_timeout).await {
                    Ok(message) => return protocol.answer(parts, message).await,
                    Err(refusal) => (refusal.into_response(), true),
                }
            }
            // A client that asks first has sent nothing yet, and would be told to.
            ControlFlow::Break(answer) => (answer, !parts.headers.contains_key(header::EXPECT)),
        };
        let is_read = body.is_end_stream() || is_awaited && body::discard(body, self.max_message_size).await;
        if !is_read {
            close(&mut answer);
        }
        answer
    }

    /// Who answers what the body holds; or the answer, where the head is enough for one.
    fn read_head(&self, parts: &Parts, is_late: bool) -> ControlFlow<Response<Body>, &Protocol> {
        let path = parts.uri.path();
        let is_draining = self.draining.has_begun();
        if let Some(answer) = health::answer(&parts.method, path, is_draining, &self.metrics) {
            return ControlFlow::Break(answer);
        }
        match (path, &self.protocol) {
            (_, Some(_)) if is_late => ControlFlow::Break(stopping()),
            (ENDPOINT, Some(protocol)) => {
                match checks::check(parts, &self.rules, self.max_message_size, self.sessions) {
                    Ok(()) => ControlFlow::Continue(protocol),
                    Err(refusal) => ControlFlow::Break(refusal.into_response()),
                }
            }
            ("/mcp/", Some(_)) => ControlFlow::Break(redirect()),
            (_, protocol) => ControlFlow::Break(not_found(path, protocol.is_some())),
        }
    }
}

fn stopping() -> Response<Body> {
    let message = "Service Unavailable: the plugin server is stopping; connect again";
    let error = MessageError::new(code::INVALID_REQUEST, message).with_reason(STOPPING);
    Refusal::of_error(StatusCode::SERVICE_UNAVAILABLE, error).into_response()
}

fn not_found(path: &str, has_endpoint: bool) -> Response<Body> {
    let path: String = path.chars().take(100).collect();
    let endpoint = if has_endpoint { "/mcp, " } else { "" };
    let message = format!(
        "Not Found: there is no {path} here; there are {endpoint}{} and {}",
        health::HEALTH,
        health::METRICS
    );
    Refusal::new(StatusCode::NOT_FOUND, message).into_response()
}

fn redirect() -> Response<Body> {
    let mut response = reply(StatusCode::TEMPORARY_REDIRECT, "text/plain", "");
    response
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_static(ENDPOINT));
    response
}
