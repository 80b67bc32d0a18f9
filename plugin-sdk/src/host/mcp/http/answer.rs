//! Reading what comes back for a POST.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming as Body;
use serde_json::value::RawValue;

use super::events::Events;
use crate::{
    host::{mcp::message, transport::Failure},
    protocol::mcp::answer::{Incoming, read},
};

/// Bytes read of the text of a refusal.
const MAX_REFUSAL: usize = 4096;

/// So long the end of an answer may take, of which everything that matters is there.
const END_PATIENCE: Duration = Duration::from_millis(10);

/// What an answer is read with.
pub(super) struct Reading<'a> {
    pub(super) id: u64,
    pub(super) limit: usize,
    /// Between two parts of an answer.
    pub(super) timeout: Duration,
    /// The address, for messages.
    pub(super) place: &'a str,
}

/// The answer that was looked for: the whole message, and whether the connection can be used again.
pub(super) struct Found {
    pub(super) message: Bytes,
    pub(super) is_finished: bool,
}

/// Why there is none.
pub(super) enum Problem {
    /// The server does not know the session, and did nothing.
    SessionLost,
    /// The server stops, and did nothing.
    ShuttingDown(Failure),
    Failed(Failure),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Reading<'_> {
    /// Reads the answer to a request.
    pub(super) async fn answer(&self, response: Response<Body>, has_session: bool) -> Result<Found, Problem> {
        let response = self.accepted(response, has_session).await?;
        let content_type = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase());
        match content_type.as_deref() {
            Some("application/json") => {
                let message = self.whole(response.into_body()).await?;
                Ok(Found {
                    message,
                    is_finished: true,
                })
            }
            Some("text/event-stream") => Ok(self.event(response.into_body()).await?),
            other => Err(Problem::Failed(Failure::Invalid(format!(
                "{}: it is neither JSON nor a stream of events but {}: check the path of mcp.url",
                self.place,
                other.unwrap_or("without a type")
            )))),
        }
    }

    /// Passes on a response that says that the request was taken.
    pub(super) async fn accepted(
        &self,
        response: Response<Body>,
        has_session: bool,
    ) -> Result<Response<Body>, Problem> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let location = response
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let (text, is_shutting_down) = self.refusal(response.into_body()).await;
        let is_lost = match status {
            StatusCode::NOT_FOUND => true,
            StatusCode::BAD_REQUEST => text.to_ascii_lowercase().contains("session"),
            _ => false,
        };
        if has_session && is_lost {
            return Err(Problem::SessionLost);
        }
        let place = self.place;
        let message = match location {
            Some(location) if status.is_redirection() => {
                format!("{place}: {status}: the server is elsewhere: write {location} as mcp.url")
            }
            _ if text.is_empty() => format!("{place}: {status}"),
            _ => format!("{place}: {status}: {text}"),
        };
        if is_shutting_down {
            return Err(Problem::ShuttingDown(Failure::Connection(message)));
        }
        Err(Problem::Failed(match status {
            StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge(message),
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => Failure::Timeout(None),
            // It is not known how far it came.
            status if status.is_server_error() => Failure::Connection(message),
            status => message::refused(message, status.as_str()),
        }))
    }

    /// A body that is a single message.
    async fn whole(&self, body: Body) -> Result<Bytes, Failure> {
        let mut body = body;
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        while let Some(part) = self.part(&mut body).await? {
            if whole.len() + first.as_ref().map_or(0, Bytes::len) + part.len() > self.limit {
                return Err(message::too_large(self.limit));
            }
            // Most answers are one part, which needs no copy.
            match first.take() {
                None if whole.is_empty() => first = Some(part),
                None => whole.extend_from_slice(&part),
                Some(first) => {
                    whole.extend_from_slice(&first);
                    whole.extend_from_slice(&part);
                }
            }
        }
        Ok(first.unwrap_or_else(|| whole.freeze()))
    }

    /// The message of a stream that is the answer.
    async fn event(&self, mut body: Body) -> Result<Found, Failure> {
        let mut events = Events::default();
        let mut answer = None;
        while let Some(part) = self.part(&mut body).await? {
            let was_found = events.push(&part, |data| match read(data) {
                Ok(Incoming::Answer(id, _)) if id.is_none_or(|id| id == self.id) => {
                    answer = Some(Bytes::copy_from_slice(data));
                    true
                }
                // What else the server sends is not needed.
                _ => false,
            });
            if was_found {
                break;
            }
            if events.size() > self.limit {
                return Err(message::too_large(self.limit));
            }
        }
        let Some(message) = answer else {
            return Err(Failure::Connection(format!(
                "{}: the stream of events ended without an answer",
                self.place
            )));
        };
        if message.len() > self.limit {
            return Err(message::too_large(self.limit));
        }
        Ok(Found {
            message,
            is_finished: self.end(body).await,
        })
    }

    /// Reads what is left of a body that is not needed; false if that is too much, or takes too long.
    pub(super) async fn end(&self, mut body: Body) -> bool {
        let end = async {
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) if frame.data_ref().is_none_or(|data| data.len() <= MAX_REFUSAL) => {}
                    _ => return false,
                }
            }
            true
        };
        tokio::time::timeout(END_PATIENCE, end).await.unwrap_or(false)
    }

    /// The next part of a body.
    async fn part(&self, body: &mut Body) -> Result<Option<Bytes>, Failure> {
        let lost = |what: String| Failure::Connection(format!("{}: {what}", self.place));
        loop {
            let frame = match tokio::time::timeout(self.timeout, body.frame()).await {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => return Err(lost(error.to_string())),
                Err(_) => return Err(Failure::Timeout(Some(self.timeout))),
            };
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }

    /// What a server says of a request that it did not take: the message of an error of JSON-RPC, or a line of text. And whether it
    /// is that it stops.
    async fn refusal(&self, mut body: Body) -> (String, bool) {
        let mut text = Vec::new();
        while let Ok(Some(part)) = self.part(&mut body).await {
            text.extend_from_slice(&part);
            if text.len() > MAX_REFUSAL {
                text.truncate(MAX_REFUSAL);
                break;
            }
        }
        if let Ok(Incoming::Answer(_, Err(error))) = read(&text) {
            let is_shutting_down = error.is_shutting_down();
            return (error.message, is_shutting_down);
        }
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().next().unwrap_or_default().trim();
        let line = line.chars().filter(|character| !character.is_control());
        (line.take(200).collect(), false)
    }
}

/// The result in an answer.
pub(super) fn result<'a>(message: &'a [u8], place: &str) -> Result<&'a RawValue, Failure> {
    match read(message) {
        Ok(Incoming::Answer(_, Ok(result))) => Ok(result),
        Ok(Incoming::Answer(_, Err(error))) => Err(message::failure(error)),
        Ok(Incoming::Request(..) | Incoming::Notification) => Err(Failure::Invalid(format!(
            "{place}: it is a message of another kind"
        ))),
        Err(problem) => Err(Failure::Invalid(format!("{place}: {problem}"))),
    }
}
