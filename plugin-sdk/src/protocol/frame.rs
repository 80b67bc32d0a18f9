//! Frames: four bytes of length, big-endian, and that many bytes of protobuf ([protocol, section
//! 3.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#31-frames)).

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The largest frame that the protocol has. A longer one is not a frame, but something else on the socket.
pub(crate) const PROTOCOL_MAXIMUM: usize = 16 * 1024 * 1024;

/// Bytes of the length in front of a message.
pub(crate) const PREFIX: usize = 4;

/// Takes frames out of what was read so far.
#[derive(Debug)]
pub(crate) struct Frames {
    limit: usize,
    /// A frame over the limit, which is passed over.
    skipping: Option<Skipped>,
}

#[derive(Debug)]
struct Skipped {
    size: usize,
    /// What is still to come of it.
    remaining: usize,
    head: Bytes,
}

/// Number of first bytes that are kept of a frame that is passed over.
const HEAD: usize = 16;

/// What stands at the front of what was read so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Frame(Bytes),
    /// A frame over the limit of the setting has gone by.
    TooLarge {
        size: usize,
        /// Its first bytes.
        head: Bytes,
    },
    /// More must be read.
    Incomplete,
    /// A length that no frame has.
    NoFrame(usize),
}

impl Frames {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            skipping: None,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn take(&mut self, input: &mut BytesMut) -> Front {
        if let Some(skipped) = &mut self.skipping {
            let gone = skipped.remaining.min(input.len());
            input.advance(gone);
            skipped.remaining -= gone;
            if skipped.remaining > 0 {
                return Front::Incomplete;
            }
            let (size, head) = (skipped.size, std::mem::take(&mut skipped.head));
            self.skipping = None;
            return Front::TooLarge { size, head };
        }
        let Some(prefix) = input.first_chunk::<PREFIX>() else {
            return Front::Incomplete;
        };
        let size = u32::from_be_bytes(*prefix) as usize;
        if size > self.limit {
            if size > PROTOCOL_MAXIMUM {
                return Front::NoFrame(size);
            }
            let Some(head) = input.get(PREFIX..PREFIX + HEAD.min(size)) else {
                return Front::Incomplete;
            };
            let head = Bytes::copy_from_slice(head);
            input.advance(PREFIX);
            self.skipping = Some(Skipped {
                size,
                remaining: size,
                head,
            });
            return self.take(input);
        }
        if input.len() < PREFIX + size {
            return Front::Incomplete;
        }
        input.advance(PREFIX);
        Front::Frame(input.split_to(size).freeze())
    }

    /// Whether a frame has begun that is not complete.
    pub(crate) fn is_inside(&self, input: &BytesMut) -> bool {
        self.skipping.is_some() || !input.is_empty()
    }
}

/// Appends a frame. A message of more than 4 GiB does not fit into one; the limits are far below that.
pub(crate) fn put(output: &mut BytesMut, message: &[u8]) {
    output.reserve(PREFIX + message.len());
    output.put_slice(&prefix(message.len()));
    output.put_slice(message);
}

/// What stands in front of a message of this size.
pub(crate) fn prefix(size: usize) -> [u8; PREFIX] {
    u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_in_pieces_and_several_at_once() {
        let mut output = BytesMut::new();
        put(&mut output, b"one");
        put(&mut output, b"");
        put(&mut output, b"three");
        let mut frames = Frames::new(100);
        let mut input = BytesMut::new();
        let mut taken = Vec::new();
        for byte in output {
            input.put_u8(byte);
            if let Front::Frame(frame) = frames.take(&mut input) {
                taken.push(frame);
            }
        }
        assert_eq!(taken, [&b"one"[..], b"", b"three"]);
        assert!(!frames.is_inside(&input));
    }

    #[test]
    fn a_frame_over_the_limit_goes_by_and_the_next_one_is_taken() {
        let mut input = BytesMut::new();
        put(&mut input, &[7; 11]);
        put(&mut input, b"next");
        let mut frames = Frames::new(10);
        let head = Bytes::from_static(&[7; 11]);
        assert_eq!(frames.take(&mut input), Front::TooLarge { size: 11, head });
        assert_eq!(frames.take(&mut input), Front::Frame(Bytes::from_static(b"next")));
    }

    #[test]
    fn what_no_frame_can_be_is_told_from_its_first_bytes() {
        let mut input = BytesMut::from(&b"GET / HTTP/1.1\r\n"[..]);
        assert_eq!(
            Frames::new(PROTOCOL_MAXIMUM).take(&mut input),
            Front::NoFrame(0x4745_5420)
        );
    }
}
