//! One request, from its head to its answer.

use std::{convert::Infallible, future::poll_fn, ops::ControlFlow, pin::pin, sync::Arc};

use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use hyper::body::Incoming;

use super::{
    checks,
    clock::Clock,
    endpoint::{Endpoint, panicked},
    health,
    hosts::HostRules,
    reply::{Body, Refusal, close, reply},
    running::{Running, RunningBody},
};
use crate::{
    dispatch::guard,
    protocol::{
        code,
        mcp::error::{Data, MessageError, shortened},
        server_error::code::STOPPING,
    },
    server::{metrics::Metrics, stop::Stop},
};

/// Where MCP is.
pub(super) const ENDPOINT: &str = "/mcp";

/// What all connections share.
pub(super) struct Service {
    pub(super) endpoint: Endpoint,
    /// Whether there is more than health and metrics.
    pub(super) has_endpoint: bool,
    pub(super) rules: HostRules,
    pub(super) metrics: Metrics,
    pub(super) running: Running,
    pub(super) stop: Stop,
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
        // Health and metrics are not waited for when the server stops.
        let is_counted = request.method() != Method::GET && !is_late;
        let running = is_counted.then(|| self.running.begin()).flatten();
        let is_late = is_late || (is_counted && running.is_none());
        let routed = {
            let mut route = pin!(self.route(request, is_late));
            poll_fn(|task| guard::poll(route.as_mut(), task)).await
        };
        let mut response = routed.unwrap_or_else(|panic| panicked(&panic));
        if self.stop.is_draining() {
            close(&mut response);
        }
        Ok(response.map(|body| RunningBody::new(body, running, clock)))
    }

    async fn route(&self, request: Request<Incoming>, is_late: bool) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let head = self.read_head(&parts, is_late);
        self.endpoint.exchange(&parts, body, head).await
    }

    /// The answer, where the head is enough for one.
    fn read_head(&self, parts: &Parts, is_late: bool) -> ControlFlow<Response<Body>> {
        let path = parts.uri.path();
        let is_draining = self.stop.is_draining();
        if let Some(answer) = health::answer(&parts.method, path, is_draining, &self.metrics) {
            return ControlFlow::Break(answer);
        }
        match path {
            _ if !self.has_endpoint => ControlFlow::Break(not_found(path, false)),
            _ if is_late => ControlFlow::Break(stopping()),
            ENDPOINT => match checks::check(parts, Some(&self.rules), self.endpoint.max_message_size) {
                Ok(()) => ControlFlow::Continue(()),
                Err(refusal) => ControlFlow::Break(refusal.into_response()),
            },
            "/mcp/" => ControlFlow::Break(redirect()),
            _ => ControlFlow::Break(not_found(path, true)),
        }
    }
}

fn stopping() -> Response<Body> {
    let message = "Service Unavailable: the plugin server is stopping; connect again";
    let error = MessageError::new(code::INVALID_REQUEST, message).with_data(Data::Reason { code: STOPPING });
    Refusal::of_error(StatusCode::SERVICE_UNAVAILABLE, error).into_response()
}

fn not_found(path: &str, has_endpoint: bool) -> Response<Body> {
    let path = shortened(path);
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
