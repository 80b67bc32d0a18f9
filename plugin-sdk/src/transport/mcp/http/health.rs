//! What operators ask: whether the server is well, and its metrics ([protocol, section
//! 4.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#44-health-and-metrics)).

use http::{Method, Response, StatusCode};

use super::{
    checks::method_not_allowed,
    reply::{Body, JSON, reply},
};
use crate::server::metrics::Metrics;

pub(super) const HEALTH: &str = "/health";
pub(super) const METRICS: &str = "/metrics/prometheus";

/// The answer to a request for one of the two paths; nothing for another.
pub(super) fn answer(
    method: &Method,
    path: &str,
    is_draining: bool,
    metrics: &Metrics,
) -> Option<Response<Body>> {
    let answer = match path {
        HEALTH if is_draining => |_: &Metrics| {
            reply(
                StatusCode::SERVICE_UNAVAILABLE,
                JSON,
                &br#"{"status":"draining"}"#[..],
            )
        },
        HEALTH => |_: &Metrics| reply(StatusCode::OK, JSON, &br#"{"status":"healthy"}"#[..]),
        METRICS => measured,
        _ => return None,
    };
    Some(if *method == Method::GET || *method == Method::HEAD {
        answer(metrics)
    } else {
        method_not_allowed("GET, HEAD").into_response()
    })
}

fn measured(metrics: &Metrics) -> Response<Body> {
    match metrics.render() {
        Some(text) => reply(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text),
        None => reply(
            StatusCode::SERVICE_UNAVAILABLE,
            JSON,
            &br#"{"error": "Metrics collection is disabled"}"#[..],
        ),
    }
}
