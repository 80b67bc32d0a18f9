//! Keeps a late answer from being taken for the answer to a later call (`docs/unix.md`, "Late answers").
//!
//! A Python host that gives up on a call keeps its connection and takes the next frame for the answer to its next call. Its event
//! loop empties the socket by itself, up to a bound, so the server cannot see whether a caller waits. A slow answer therefore
//! begins with an unknown field, which is larger than that bound and which every reader of protobuf skips: who takes all of it
//! from the socket waits for an answer. Only then the rest is written, unless another request has come meanwhile.

use std::{io, time::Duration};

use bytes::{BufMut, BytesMut};
use socket2::SockRef;
use tokio::net::UnixStream;

use crate::{
    codec::wire::{WireType, put_varint, tag},
    limits::Limits,
    protocol::frame,
};

/// The number of the field, which no message has.
const FIELD: u32 = 15;

/// Bytes at the front of a frame that only a client takes that waits for it. With the send buffer below, Python's event loops
/// (asyncio and uvloop) take 191 KiB: 128 until they stop reading, then what they read at once, and what is left in the socket.
const GUARDED: usize = 256 * 1024;

/// The send buffer of the socket meanwhile. The kernel doubles it.
const SEND_BUFFER: usize = 16 * 1024;

/// What is in front of the padding and counts to the message: the tag and the length of the field.
const HEAD: usize = 4;

const FILL: u8 = 0xff;

/// Which answers need it.
#[derive(Default)]
pub(super) struct Guard {
    /// The answer before was slow. A client that gave up in the middle of it is not in step with its frames any more, and does
    /// not take this one.
    after_slow: bool,
}

impl Guard {
    /// Whether the answer to a call that took so long is to be guarded. The request may have waited a while before it was read, so
    /// half of the shortest timeout of a host counts.
    pub(super) fn is_needed(&mut self, took: Duration, limits: &Limits) -> bool {
        let is_slow = limits.late_answer_guard.is_some_and(|guard| took >= guard / 2);
        std::mem::replace(&mut self.after_slow, is_slow) || is_slow
    }
}

/// Appends a frame with padding before the message, as far as a frame has room for it.
pub(super) fn put(output: &mut BytesMut, message: &[u8]) {
    let padding = GUARDED.min(frame::PROTOCOL_MAXIMUM.saturating_sub(message.len() + HEAD));
    let mut head = Vec::with_capacity(HEAD);
    if padding > 0 {
        head.push(tag(FIELD, WireType::Bytes));
        put_varint(&mut head, padding as u64);
    }
    let size = head.len() + padding + message.len();
    output.reserve(frame::PREFIX + size);
    output.put_slice(&frame::prefix(size));
    output.put_slice(&head);
    output.put_bytes(FILL, padding);
    output.put_slice(message);
}

/// How much of a frame of this size waits until the client has taken what is before it.
pub(super) fn held_back(size: usize) -> usize {
    size.saturating_sub(GUARDED).max(1)
}

/// Makes the socket hold little, and returns how much it held before.
pub(super) fn shrink_send_buffer(stream: &UnixStream) -> io::Result<usize> {
    let socket = SockRef::from(stream);
    let before = socket.send_buffer_size()?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    Ok(before)
}

pub(super) fn restore_send_buffer(stream: &UnixStream, before: usize) {
    // What the kernel reports is twice what it is told. If it stays small, answers are only slower.
    let _ = SockRef::from(stream).set_send_buffer_size(before / 2);
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    fn framed(message: &[u8]) -> BytesMut {
        let mut output = BytesMut::new();
        put(&mut output, message);
        let size = output.get_u32() as usize;
        assert_eq!(size, output.len());
        output
    }

    #[test]
    fn slow_answers_are_guarded_and_so_is_the_one_after() {
        let mut limits = Limits {
            late_answer_guard: Some(Duration::from_millis(100)),
            ..Limits::default()
        };
        let mut guard = Guard::default();
        let needed =
            [49, 50, 0, 0, 2000, 1].map(|took| guard.is_needed(Duration::from_millis(took), &limits));
        assert_eq!(needed, [false, true, true, false, true, true]);
        limits.late_answer_guard = None;
        let needed = [2000, 0].map(|took| Guard::default().is_needed(Duration::from_millis(took), &limits));
        assert_eq!(needed, [false, false]);
    }

    #[test]
    fn a_frame_is_never_longer_than_the_protocol_allows() {
        for (size, padding) in [
            (0, GUARDED),
            (frame::PROTOCOL_MAXIMUM - GUARDED - HEAD, GUARDED),
            (frame::PROTOCOL_MAXIMUM - 10, 10 - HEAD),
            (frame::PROTOCOL_MAXIMUM - HEAD, 0),
            (frame::PROTOCOL_MAXIMUM, 0),
        ] {
            let output = framed(&vec![1; size]);
            assert!(output.len() <= frame::PROTOCOL_MAXIMUM, "{size}");
            assert!(output.len() >= size + padding, "{size}");
            assert!(held_back(output.len()) >= 1);
        }
    }

    #[test]
    fn the_host_half_skips_the_padding() {
        use crate::{
            codec::{Encoding, nesting::Nesting},
            protocol::{envelope::Envelope, error::ReportedError, response},
        };

        let error = ReportedError::unknown_message();
        let answer = framed(&response::refusal(Encoding::Protobuf, error.clone())).freeze();
        assert!(answer.len() > GUARDED);
        assert!(response::is_unknown_message(&answer));
        assert_eq!(Envelope::read(&answer), Ok(None));
        let (_, read) = response::read(Encoding::Protobuf, &answer, Nesting::DEFAULT).unwrap();
        assert_eq!(read.unwrap_err(), error);
    }
}
