//! Frames: four bytes of length, big-endian, and that many bytes of protobuf (`protocol.md`, section 3.1).

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The largest frame that the protocol has. A longer one is not a frame, but something else on the socket.
const PROTOCOL_MAXIMUM: usize = 16 * 1024 * 1024;

const PREFIX: usize = 4;

/// Takes frames out of what was read so far.
#[derive(Debug)]
pub(super) struct Frames {
    limit: usize,
    /// What is still to come of a frame over the limit, which is passed over, and its size.
    skipping: Option<(usize, usize)>,
}

/// What stands at the front of what was read so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Front {
    Frame(Bytes),
    /// A frame over the limit of the setting, of this size, has gone by.
    TooLarge(usize),
    /// More must be read.
    Incomplete,
    /// A length that no frame has.
    NoFrame(usize),
}

impl Frames {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            skipping: None,
        }
    }

    pub(super) fn take(&mut self, input: &mut BytesMut) -> Front {
        if let Some((remaining, size)) = self.skipping {
            let gone = remaining.min(input.len());
            input.advance(gone);
            if gone < remaining {
                self.skipping = Some((remaining - gone, size));
                return Front::Incomplete;
            }
            self.skipping = None;
            return Front::TooLarge(size);
        }
        let Some(prefix) = input.first_chunk::<PREFIX>() else {
            return Front::Incomplete;
        };
        let size = u32::from_be_bytes(*prefix) as usize;
        if size > self.limit {
            if size > PROTOCOL_MAXIMUM {
                return Front::NoFrame(size);
            }
            input.advance(PREFIX);
            self.skipping = Some((size, size));
            return self.take(input);
        }
        if input.len() < PREFIX + size {
            return Front::Incomplete;
        }
        input.advance(PREFIX);
        Front::Frame(input.split_to(size).freeze())
    }

    /// Whether a frame has begun that is not complete.
    pub(super) fn is_inside(&self, input: &BytesMut) -> bool {
        self.skipping.is_some() || !input.is_empty()
    }
}

/// Appends a frame. A message of more than 4 GiB does not fit into one; the limits are far below that.
pub(super) fn put(output: &mut BytesMut, message: &[u8]) {
    output.reserve(PREFIX + message.len());
    output.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    output.put_slice(message);
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
        assert_eq!(frames.take(&mut input), Front::TooLarge(11));
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
