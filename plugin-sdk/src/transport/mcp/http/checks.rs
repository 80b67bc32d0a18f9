//! What is checked before the body of a request is read, in the order of the Python server ([protocol, section
//! 4.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#43-streamable-http)).

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header, request::Parts};

use super::{
    body::check_length,
    hosts::HostRules,
    reply::{JSON, Refusal},
};
use crate::protocol::mcp::error::shortened;

const EVENT_STREAM: &str = "text/event-stream";

/// Checks the head of a request to the endpoint of MCP.
pub(super) fn check(request: &Parts, rules: Option<&HostRules>, limit: usize) -> Result<(), Refusal> {
    let headers = &request.headers;
    let is_post = request.method == Method::POST;
    if is_post {
        check_length(headers, limit)?;
        check_content_type(headers)?;
    }
    if let Some(rules) = rules {
        check_count(request)?;
        check_host(request, rules)?;
    }
    if is_post {
        check_accept(headers)
    } else {
        Err(method_not_allowed("POST"))
    }
}

/// A request of HTTP/1.1 has one `Host` ([RFC 9112, section 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)), and none has two
/// origins.
fn check_count(request: &Parts) -> Result<(), Refusal> {
    let count = |name| request.headers.get_all(name).iter().count();
    let problem = if count(header::HOST) > 1 {
        "the header Host is there more than once"
    } else if count(header::HOST) == 0 && request.version == Version::HTTP_11 {
        "the header Host is missing"
    } else if count(header::ORIGIN) > 1 {
        "the header Origin is there more than once"
    } else {
        return Ok(());
    };
    Err(Refusal::new(
        StatusCode::BAD_REQUEST,
        format!("Bad Request: {problem}"),
    ))
}

fn check_host(request: &Parts, rules: &HostRules) -> Result<(), Refusal> {
    if !rules.allow_host(&request.uri, &request.headers) {
        let host = shown(&request.headers, &header::HOST);
        return Err(Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "Invalid Host header {host}: the server answers only to names that it knows, against DNS rebinding; list this one in \
                 PLUGINS_SERVER_ALLOWED_HOSTS of the plugin server, or use one of the machine itself with the port, such as \
                 localhost:8000"
            ),
        ));
    }
    if !rules.allow_origin(&request.headers) {
        let origin = shown(&request.headers, &header::ORIGIN);
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "Invalid Origin header {origin}: pages of this origin may not call the server; list it in \
                 PLUGINS_SERVER_ALLOWED_ORIGINS of the plugin server"
            ),
        ));
    }
    Ok(())
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case(JSON)
        });
    if is_json {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::BAD_REQUEST,
        "Invalid Content-Type header: a request to this endpoint is JSON, sent with Content-Type: application/json",
    ))
}

fn check_accept(headers: &HeaderMap) -> Result<(), Refusal> {
    let accepts = |wanted: &str| {
        headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|range| {
                let mut parts = range.split(';').map(str::trim);
                let essence = parts.next().unwrap_or_default();
                let (kind, _) = wanted.split_once('/').unwrap_or_default();
                let is_wanted = essence.eq_ignore_ascii_case(wanted)
                    || essence == "*/*"
                    || essence
                        .strip_suffix("/*")
                        .is_some_and(|range| range.eq_ignore_ascii_case(kind));
                is_wanted && !parts.any(is_zero_weight)
            })
    };
    if accepts(JSON) && accepts(EVENT_STREAM) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        "Not Acceptable: Client must accept both application/json and text/event-stream, with the header Accept: \
         application/json, text/event-stream",
    ))
}

/// Whether a parameter of a media range says that it is not wanted.
fn is_zero_weight(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, weight)| {
        name.trim().eq_ignore_ascii_case("q")
            && weight.trim().parse::<f32>().is_ok_and(|weight| weight == 0.0)
    })
}

pub(super) fn method_not_allowed(allowed: &'static str) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("Method Not Allowed: this endpoint has {allowed}"),
    )
    .with_allow(HeaderValue::from_static(allowed))
}

/// A header as the client sent it, bounded.
fn shown(headers: &HeaderMap, name: &header::HeaderName) -> String {
    match headers.get(name) {
        Some(value) => format!("{:?}", shortened(&String::from_utf8_lossy(value.as_bytes()))),
        None => "(none)".to_owned(),
    }
}
