//! The body of a request: one message, which has to arrive in time.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::{Status, codegen::StdError};

use crate::repeated::limited;

/// A body that fails when it takes too long, or is not exactly one message. A client that stops half-way would hold what it sent
/// for as long as it likes; tonic itself drops further messages of a unary call.
pub(super) struct RequestBody<B> {
    body: B,
    messages: Messages,
    limit: Duration,
    /// What sets the limit, which the error names.
    setting: &'static str,
    /// Made when there is something to wait for; most bodies are there at once.
    over: Option<Pin<Box<Sleep>>>,
}

impl<B> RequestBody<B> {
    pub(super) fn new(body: B, limit: Duration, setting: &'static str) -> Self {
        Self {
            body,
            messages: Messages::default(),
            limit,
            setting,
            over: None,
        }
    }
}

impl<B: Body + Unpin> Body for RequestBody<B>
where
    B::Data: Clone,
    B::Error: Into<StdError>,
{
    type Data = B::Data;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, StdError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(match frame {
                Some(Ok(frame)) => {
                    let counted = frame
                        .data_ref()
                        .map_or(Ok(()), |data| self.messages.read(data.clone()));
                    Some(counted.map(|()| frame).map_err(Into::into))
                }
                Some(Err(error)) => Some(Err(error.into())),
                None => self.messages.end().err().map(|status| Err(status.into())),
            });
        }
        let limit = self.limit;
        let over = self.over.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(over.as_mut().poll(context));
        let message = format!(
            "the request did not arrive within {} s ({})",
            limit.as_secs_f64(),
            self.setting
        );
        limited!(warn, kind: "requests that did not arrive in time"; "{message}");
        Poll::Ready(Some(Err(Status::deadline_exceeded(message).into())))
    }

    fn is_end_stream(&self) -> bool {
        // Without a message, the end is an error.
        self.messages.has_begun && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The length of what is before each message: whether it is compressed, and its length.
const HEAD: usize = 5;

/// Counts the messages in a body, which arrives in pieces of any size.
#[derive(Debug, Default)]
struct Messages {
    head: [u8; HEAD],
    read: usize,
    /// What is missing of the message.
    missing: usize,
    has_begun: bool,
}

impl Messages {
    /// Reads the next piece of a body.
    fn read(&mut self, mut data: impl Buf) -> Result<(), Status> {
        while data.has_remaining() && self.read < HEAD {
            self.has_begun = true;
            self.head[self.read] = data.get_u8();
            self.read += 1;
            let [_, length @ ..] = self.head;
            self.missing = u32::from_be_bytes(length) as usize;
        }
        match self.missing.checked_sub(data.remaining()) {
            Some(missing) => {
                self.missing = missing;
                Ok(())
            }
            None => Err(not_one("more than one")),
        }
    }

    /// The body ends here.
    fn end(&self) -> Result<(), Status> {
        // tonic says what is wrong with a message that is cut off.
        if self.has_begun {
            Ok(())
        } else {
            Err(not_one("none"))
        }
    }
}

/// What the specification says of a call that takes one message and has another number of them.
fn not_one(count: &str) -> Status {
    Status::unimplemented(format!(
        "the method takes one message, and the request has {count}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(body: &[u8], piece: usize) -> Result<(), String> {
        let mut messages = Messages::default();
        for piece in body.chunks(piece) {
            messages
                .read(piece)
                .map_err(|status| status.message().to_owned())?;
        }
        messages.end().map_err(|status| status.message().to_owned())
    }

    #[test]
    fn a_request_has_one_message_in_pieces_of_any_size() {
        let one = b"\0\0\0\0\x03abc";
        let (more, none) = (
            Err("the method takes one message, and the request has more than one".to_owned()),
            Err("the method takes one message, and the request has none".to_owned()),
        );
        for piece in 1..20 {
            assert_eq!(counted(one, piece), Ok(()));
            assert_eq!(counted(b"\0\0\0\0\0", piece), Ok(()));
            assert_eq!(counted(&[one, &one[..]].concat(), piece), more);
            assert_eq!(counted(b"\0\0\0\0\0\0", piece), more);
            assert_eq!(counted(b"", piece), none);
            // A part of a message is for tonic to refuse.
            assert_eq!(counted(&one[..6], piece), Ok(()));
            assert_eq!(counted(&one[..3], piece), Ok(()));
        }
    }
}
