//! One request, from its head to its answer.

use std::{convert::Infallible, future::poll_fn, pin::pin, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
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
            let error = MessageError::new(code::INTERNAL_ERROR, format!("the server panicked: {panic}"));
            Refusal::of_error(StatusCode::INTERNAL_SERVER_ERROR, error).into_response()
        });
        if self.draining.has_begun() {
            close(&mut response);
        }
        Ok(response.map(|body| RunningBody::new(body, running, clock)))
    }

    async fn route(&self, request: Request<Incoming>, is_late: bool) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let is_draining = self.draining.has_begun();
        if let Some(answer) = health::answer(&parts.method, parts.uri.path(), is_draining, &self.metrics) {
            return answer;
        }
        match (parts.uri.path(), &self.protocol) {
            (_, Some(_)) if is_late => {
                let message = "Service Unavailable: the plugin server is stopping; connect again";
                let error = MessageError::new(code::INVALID_REQUEST, message).with_reason(STOPPING);
                let refusal = Refusal::of_error(StatusCode::SERVICE_UNAVAILABLE, error);
                self.decline(refusal, body, &parts.headers).await
            }
            (ENDPOINT, Some(protocol)) => self.mcp(protocol, parts, body).await,
            ("/mcp/", Some(_)) => redirect(),
            (path, protocol) => {
                let path: String = path.chars().take(100).collect();
                let endpoint = protocol.as_ref().map_or("", |_| "/mcp, ");
                let message = format!(
                    "Not Found: there is no {path} here; there are {endpoint}{} and {}",
                    health::HEALTH,
                    health::METRICS
                );
                let refusal = Refusal::new(StatusCode::NOT_FOUND, message);
                self.decline(refusal, body, &parts.headers).await
            }
        }
    }

    async fn mcp(&self, protocol: &Protocol, parts: Parts, mut body: Incoming) -> Response<Body> {
        if let Err(refusal) = checks::check(&parts, &self.rules, self.max_message_size, self.sessions) {
            return self.decline(refusal, body, &parts.headers).await;
        }
        match body::read(&mut body, self.max_message_size, self.body_timeout).await {
            Ok(message) => protocol.answer(parts, message).await,
            Err(refusal) => self.decline(refusal, body, &parts.headers).await,
        }
    }

    async fn decline(&self, refusal: Refusal, body: Incoming, headers: &HeaderMap) -> Response<Body> {
        // A client that asks first has sent nothing yet, and would be told to.
        if !headers.contains_key(header::EXPECT) {
            body::discard(body, self.max_message_size).await;
        }
        refusal.into_response()
    }
}

fn redirect() -> Response<Body> {
    let mut response = reply(StatusCode::TEMPORARY_REDIRECT, "text/plain", "");
    response
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_static(ENDPOINT));
    response
}
