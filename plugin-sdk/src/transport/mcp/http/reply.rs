//! Replies that are the server's own.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::protocol::{code, mcp::error::MessageError};

/// The body of every reply.
pub(super) type Body = Full<Bytes>;

pub(super) const JSON: &str = "application/json";

/// Why a request is declined: an error of JSON-RPC under a status of HTTP.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: MessageError,
    /// The methods that there are.
    allow: Option<HeaderValue>,
    /// Nothing more is read from this client.
    closes: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::of_error(status, MessageError::new(code::INVALID_REQUEST, message))
    }

    pub(super) fn of_error(status: StatusCode, error: MessageError) -> Self {
        Self {
            status,
            error,
            allow: None,
            closes: false,
        }
    }

    pub(super) fn with_allow(mut self, methods: HeaderValue) -> Self {
        self.allow = Some(methods);
        self
    }

    pub(super) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(super) fn into_response(self) -> Response<Body> {
        tracing::debug!("a request is declined: {self}");
        let mut response = reply(self.status, JSON, self.error.to_json());
        if let Some(methods) = self.allow {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        if self.closes {
            close(&mut response);
        }
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.status, self.error.message)
    }
}

/// A reply with a body.
pub(super) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The reply to what needs no answer.
pub(super) fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// Says that the connection ends with this reply.
pub(super) fn close(response: &mut Response<Body>) {
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
}
