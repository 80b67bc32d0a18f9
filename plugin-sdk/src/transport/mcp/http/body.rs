//! Reading the body of a request, within bounds.

use std::{
    fmt::Display,
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body::Body as HttpBody;
use tokio::time::timeout;

use super::reply::Refusal;

/// How long a client whose request is answered by its head may go on sending, so that it gets to read the answer: closing a
/// connection on which something is unread may take it away.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The body of a request, of whatever server.
pub(crate) trait RequestBody: HttpBody<Data = Bytes, Error: Display> + Unpin + Send {}

impl<B: HttpBody<Data = Bytes, Error: Display> + Unpin + Send> RequestBody for B {}

/// Whether the request says that its body is too large.
pub(super) fn check_length(headers: &HeaderMap, limit: usize) -> Result<(), Refusal> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if usize::try_from(length).map_or(true, |length| length > limit) => {
            Err(too_large(Some(length), limit))
        }
        _ => Ok(()),
    }
}

fn too_large(length: Option<u64>, limit: usize) -> Refusal {
    let size = length.map_or_else(|| "more".to_owned(), |length| format!("{length} bytes, more"));
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!(
            "Request body too large: it has {size} than the {limit} bytes that are read; raise PLUGINS_MAX_MESSAGE_SIZE of the \
             plugin server, or send less"
        ),
    )
    .closing()
}

/// Reads the whole body.
pub(super) async fn read(
    body: &mut impl RequestBody,
    limit: usize,
    time: Duration,
) -> Result<Bytes, Refusal> {
    let mut collecting = pin!(collect(body, limit));
    // Most bodies have come already, and need no timer.
    if let Poll::Ready(read) = poll_fn(|task| Poll::Ready(collecting.as_mut().poll(task))).await {
        return read;
    }
    match timeout(time, collecting).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            format!(
                "the body of the request did not arrive within {} s (PLUGINS_SERVER_BODY_TIMEOUT)",
                time.as_secs_f64()
            ),
        )
        .closing()),
    }
}

async fn collect(body: &mut impl RequestBody, limit: usize) -> Result<Bytes, Refusal> {
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(data) = data(body).await {
        let data = data.map_err(|error| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("the body of the request can't be read: {error}"),
            )
            .closing()
        })?;
        if whole.len() + pieces.len() + data.len() > limit {
            return Err(too_large(None, limit));
        }
        if pieces.is_empty() && whole.is_empty() {
            // Most bodies come in one piece.
            whole = data;
        } else {
            if pieces.is_empty() {
                let expected = usize::try_from(body.size_hint().lower()).unwrap_or_default();
                pieces.reserve(whole.len() + data.len() + expected.min(limit));
                pieces.extend_from_slice(&std::mem::take(&mut whole));
            }
            pieces.extend_from_slice(&data);
        }
    }
    Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
}

/// Reads and forgets what a client still sends, if it is not much. Whether that was all.
pub(super) async fn discard(mut body: impl RequestBody, limit: usize) -> bool {
    if body.size_hint().lower() > limit as u64 {
        return false;
    }
    let mut left = limit;
    let rest = async {
        loop {
            match data(&mut body).await {
                None => return true,
                Some(Err(_)) => return false,
                Some(Ok(data)) => match left.checked_sub(data.remaining()) {
                    Some(still) => left = still,
                    None => return false,
                },
            }
        }
    };
    // Whoever takes longer has to do without the answer.
    timeout(LAST_WORDS, rest).await.unwrap_or(false)
}

/// The next part of the body, without trailers.
async fn data<B: RequestBody>(body: &mut B) -> Option<Result<Bytes, B::Error>> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        match frame {
            Ok(frame) => {
                if let Ok(data) = frame.into_data() {
                    return Some(Ok(data));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}
