//! Frames (RFC 9113, section 4): finds the header blocks in what a client sends.

use super::block::{HeaderBlocks, Malformed};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PREFACE_LENGTH: usize = PREFACE.len();

/// Three bytes of length, then type, flags and four bytes of stream.
const HEAD: usize = 9;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;

const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// The length of what the flag `PRIORITY` puts before the block.
const PRIORITY_LENGTH: usize = 5;

/// Walks all that a client sends, in pieces of any size.
#[derive(Debug)]
pub(super) struct Frames {
    next: Next,
    blocks: HeaderBlocks,
    /// A block has begun, and its next part must follow.
    is_in_block: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// The preface, from this position.
    Preface(usize),
    /// The head of a frame, from position `read`.
    Head {
        head: [u8; HEAD],
        read: usize,
    },
    /// The length of the padding, which is the first byte of this frame.
    PaddingLength(HeaderFrame),
    HeaderFrame(HeaderFrame),
    /// So many bytes pass, then the next frame begins.
    Passed(usize),
    /// All that follows passes: the server refuses the connection.
    GivenUp,
}

/// What is to come of a HEADERS or CONTINUATION frame, in this order.
#[derive(Debug, Clone, Copy)]
struct HeaderFrame {
    before: usize,
    block: usize,
    padding: usize,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            next: Next::Preface(0),
            blocks: HeaderBlocks::new(),
            is_in_block: false,
        }
    }

    /// Walks the next piece of what was read and changes what is in it of an authority.
    pub(super) fn walk(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let Ok(walked) = self.step(bytes) else {
                self.next = Next::GivenUp;
                return;
            };
            bytes = &mut bytes[walked..];
        }
    }

    /// Walks some of `bytes` or, without any, goes to what is next. Returns how many.
    fn step(&mut self, bytes: &mut [u8]) -> Result<usize, Malformed> {
        let (walked, next) = match self.next {
            Next::GivenUp => (bytes.len(), Next::GivenUp),
            Next::Preface(PREFACE_LENGTH) | Next::Passed(0) => (
                0,
                Next::Head {
                    head: [0; HEAD],
                    read: 0,
                },
            ),
            Next::Preface(position) => {
                let walked = bytes.len().min(PREFACE_LENGTH - position);
                let end = position + walked;
                if bytes[..walked] != PREFACE[position..end] {
                    return Err(Malformed);
                }
                (walked, Next::Preface(end))
            }
            Next::Passed(remaining) => {
                let walked = bytes.len().min(remaining);
                (walked, Next::Passed(remaining - walked))
            }
            Next::Head { head, read: HEAD } => (0, self.begin(head)?),
            Next::Head { mut head, read } => {
                let walked = bytes.len().min(HEAD - read);
                head[read..read + walked].copy_from_slice(&bytes[..walked]);
                (
                    walked,
                    Next::Head {
                        head,
                        read: read + walked,
                    },
                )
            }
            Next::PaddingLength(mut frame) => {
                frame.padding = bytes[0].into();
                frame.block = frame.block.checked_sub(frame.padding).ok_or(Malformed)?;
                (1, Next::HeaderFrame(frame))
            }
            Next::HeaderFrame(mut frame) if frame.before > 0 => {
                let walked = bytes.len().min(frame.before);
                frame.before -= walked;
                (walked, Next::HeaderFrame(frame))
            }
            Next::HeaderFrame(mut frame) if frame.block > 0 => {
                let walked = bytes.len().min(frame.block);
                self.blocks.walk(&mut bytes[..walked])?;
                frame.block -= walked;
                (walked, Next::HeaderFrame(frame))
            }
            Next::HeaderFrame(frame) => {
                if !self.is_in_block {
                    self.blocks.end()?;
                }
                (0, Next::Passed(frame.padding))
            }
        };
        self.next = next;
        Ok(walked)
    }

    fn begin(&mut self, head: [u8; HEAD]) -> Result<Next, Malformed> {
        let [high, middle, low, kind, flags, ..] = head;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        // Nothing else may stand between the parts of a block.
        if self.is_in_block != (kind == CONTINUATION) {
            return Err(Malformed);
        }
        if kind != HEADERS && kind != CONTINUATION {
            return Ok(Next::Passed(length));
        }
        self.is_in_block = flags & END_HEADERS == 0;
        let has = |flag| kind == HEADERS && flags & flag != 0;
        let before = if has(PRIORITY) { PRIORITY_LENGTH } else { 0 };
        let padding_length = usize::from(has(PADDED));
        let frame = HeaderFrame {
            before,
            block: length.checked_sub(padding_length + before).ok_or(Malformed)?,
            padding: 0,
        };
        Ok(if has(PADDED) {
            Next::PaddingLength(frame)
        } else {
            Next::HeaderFrame(frame)
        })
    }
}
