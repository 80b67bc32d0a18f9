//! The endpoint of MCP: a message in, the answer out.

use std::{future::poll_fn, ops::ControlFlow, pin::pin, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header, request::Parts};

use super::{
    body::{self, RequestBody},
    checks,
    reply::{Body, JSON, Refusal, accepted, close, reply},
};
use crate::{
    dispatch::guard::{self, Panic},
    protocol::{
        code,
        mcp::{
            error::{MessageError, shortened},
            header::{METHOD, NAME, PROTOCOL_VERSION as VERSION},
            id::Id,
            members::string,
            method::{CALL_TOOL, READ_RESOURCE},
            params::Params,
            request::{Message, Request, read},
            revision::{Revision, is_known, is_stateless},
        },
    },
    server::stop::Stop,
    transport::mcp::{
        methods::Work,
        tools::{PANICKED, Tools, log},
    },
};

/// What is served at the endpoint, and within which bounds.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) tools: Tools,
    pub(crate) max_message_size: usize,
    pub(crate) body_timeout: Duration,
    /// Calls that still run are given up.
    pub(crate) stop: Stop,
}

impl Endpoint {
    /// Answers a request in a server of somebody else's.
    pub(crate) async fn serve(&self, request: http::Request<impl RequestBody>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let head = match checks::check(&parts, None, self.max_message_size) {
            Ok(()) => ControlFlow::Continue(()),
            Err(refusal) => ControlFlow::Break(refusal.into_response()),
        };
        let mut exchange = pin!(self.exchange(&parts, body, head));
        let answered = poll_fn(|task| guard::poll(exchange.as_mut(), task)).await;
        answered.unwrap_or_else(|panic| panicked(&panic))
    }

    /// Answers a request: with what its head is enough for, or else by its body.
    pub(super) async fn exchange(
        &self,
        parts: &Parts,
        mut body: impl RequestBody,
        head: ControlFlow<Response<Body>>,
    ) -> Response<Body> {
        let (mut answer, is_awaited) = match head {
            ControlFlow::Continue(()) => {
                match body::read(&mut body, self.max_message_size, self.body_timeout).await {
                    Ok(message) => return self.answer(&parts.headers, &message).await,
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

    /// Answers a message whose head was checked.
    async fn answer(&self, headers: &HeaderMap, message: &Bytes) -> Response<Body> {
        let bad_request = |error| Refusal::of_error(StatusCode::BAD_REQUEST, error).into_response();
        let request = match read(message) {
            Ok(Message::Request(request)) => request,
            Ok(Message::Notification(notification)) => {
                let checked = version(headers).and_then(|version| {
                    check_version(version, None)?;
                    check_names(headers, version, &notification.method, &notification.params)
                });
                return checked.map_or_else(bad_request, |()| accepted());
            }
            Ok(Message::Response) => {
                let message = "the server makes no requests, and takes no answers";
                return bad_request(MessageError::new(code::INVALID_REQUEST, message));
            }
            Err(error) => return bad_request(error),
        };
        let revision = match revision(headers, &request) {
            Ok(revision) => revision,
            Err(error) => return bad_request(error.with_id(Some(request.id.clone()))),
        };
        let answer = match self.tools.take(message, &request, revision) {
            Work::Done(answer) => answer,
            Work::Hook(call) => tokio::select! {
                biased;
                answer = call.answer(&self.tools) => answer,
                () = async { self.stop.clone().breaks_off().await } => {
                    return aborted(request.id);
                }
            },
        };
        let status = match answer.error {
            // Revisions with a handshake have errors under the status of a success.
            Some(code::METHOD_NOT_FOUND) if revision == Revision::Stateless => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        reply(status, JSON, answer.body)
    }
}

/// The answer to a call that does not end in the time that there is when the server stops.
fn aborted(id: Id) -> Response<Body> {
    let message =
        "the plugin server is stopping, and the call did not finish in time (PLUGINS_DRAIN_TIMEOUT)";
    let error = MessageError::new(code::INTERNAL_ERROR, message).with_id(Some(id));
    Refusal::of_error(StatusCode::INTERNAL_SERVER_ERROR, error).into_response()
}

/// The answer to a request whose answer panicked.
pub(super) fn panicked(panic: &Panic) -> Response<Body> {
    log(panic);
    let error = MessageError::new(code::INTERNAL_ERROR, PANICKED);
    Refusal::of_error(StatusCode::INTERNAL_SERVER_ERROR, error).into_response()
}

/// In which form a request is answered, if its headers say the same as its body.
fn revision(headers: &HeaderMap, request: &Request<'_>) -> Result<Revision, MessageError> {
    let version = version(headers)?;
    if request.is_handshake() {
        check_handshake(headers, version, request)?;
        return request.revision();
    }
    let own = request.version();
    check_version(version, own.as_deref())?;
    check_names(headers, version, &request.method, &request.params)?;
    match (own, version) {
        (None, Some(version)) if is_stateless(version) => request.check_meta()?,
        (Some(_), None) => {
            return Err(mismatch(
                "a request whose _meta has a protocolVersion needs the header MCP-Protocol-Version",
            ));
        }
        (Some(own), Some(version)) if own != version => {
            return Err(mismatch(&format!(
                "the header MCP-Protocol-Version ({}) is not the protocolVersion of the request's _meta ({})",
                shortened(version),
                shortened(&own)
            )));
        }
        _ => {}
    }
    request.revision()
}

fn version(headers: &HeaderMap) -> Result<Option<&str>, MessageError> {
    single(headers, VERSION).map_err(|problem| {
        MessageError::new(
            code::INVALID_REQUEST,
            format!("Bad Request: the header MCP-Protocol-Version {problem}"),
        )
    })
}

/// A version that the header alone names must be known; about one in the body as well the body decides.
fn check_version(version: Option<&str>, own: Option<&str>) -> Result<(), MessageError> {
    match version {
        Some(version) if own.is_none() && !is_known(version) => Err(MessageError::new(
            code::INVALID_REQUEST,
            format!(
                "Bad Request: Unsupported MCP-Protocol-Version: {}",
                shortened(version)
            ),
        )),
        _ => Ok(()),
    }
}

/// A handshake may go without the headers; those that are there must say the same.
fn check_handshake(
    headers: &HeaderMap,
    version: Option<&str>,
    request: &Request<'_>,
) -> Result<(), MessageError> {
    let requested = request.params.protocol_version.and_then(string);
    if let (Some(version), Some(requested)) = (version, requested.as_deref())
        && version != requested
    {
        return Err(MessageError::new(
            code::INVALID_REQUEST,
            format!(
                "Invalid Request: the header MCP-Protocol-Version ({}) is not the protocolVersion of initialize ({})",
                shortened(version),
                shortened(requested)
            ),
        ));
    }
    if headers.contains_key(METHOD) {
        check_names(headers, version, &request.method, &request.params)?;
    }
    Ok(())
}

/// From revision 2026-07-28 on, headers repeat the method and what it is about, for proxies that route by them.
fn check_names(
    headers: &HeaderMap,
    version: Option<&str>,
    method: &str,
    params: &Params<'_>,
) -> Result<(), MessageError> {
    if !version.is_some_and(is_stateless) {
        return Ok(());
    }
    check_name(headers, METHOD, "the method", method)?;
    let name = match method {
        CALL_TOOL => params.name,
        READ_RESOURCE => params.uri,
        _ => None,
    };
    match name.and_then(string) {
        Some(name) => check_name(headers, NAME, "the name", &name),
        None => Ok(()),
    }
}

fn check_name(headers: &HeaderMap, header: &str, what: &str, expected: &str) -> Result<(), MessageError> {
    let value =
        single(headers, header).map_err(|problem| mismatch(&format!("the header {header} {problem}")))?;
    let Some(value) = value else {
        return Err(mismatch(&format!(
            "the header {header} is missing: it repeats {what} of the request"
        )));
    };
    match decoded(value) {
        Some(value) if value == expected.as_bytes() => Ok(()),
        Some(_) => Err(mismatch(&format!(
            "the header {header} ({}) is not {what} of the request",
            shortened(value)
        ))),
        None => Err(mismatch(&format!("the header {header} is not valid Base64"))),
    }
}

/// A value as it is, or what `=?base64?…?=` stands for.
fn decoded(value: &str) -> Option<Vec<u8>> {
    let encoded = value
        .strip_prefix("=?base64?")
        .and_then(|encoded| encoded.strip_suffix("?="));
    match encoded {
        Some(encoded) => BASE64_STANDARD.decode(encoded).ok(),
        None => Some(value.as_bytes().to_vec()),
    }
}

/// The value of a header that may be there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, &'static str> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err("is there more than once");
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| "has characters that no value of it has")
}

fn mismatch(problem: &str) -> MessageError {
    MessageError::new(code::HEADER_MISMATCH, format!("Header mismatch: {problem}"))
}
