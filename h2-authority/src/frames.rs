//! Frames (RFC 9113, section 4): finds the header blocks in what a client sends.

use std::mem;

use bytes::{Buf, BufMut, BytesMut};

use crate::block::{HeaderBlocks, Malformed};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Three bytes of length, then type, flags and four bytes of stream.
const HEAD: usize = 9;

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 0x01;
const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// The length of what the flag `PRIORITY` puts before the block.
const PRIORITY_LENGTH: usize = 5;

/// The largest payload that every server takes (RFC 9113, section 4.2).
const MAX_PAYLOAD: usize = 16_384;

/// The largest block with the heads of its frames. It is held until it is whole.
const MAX_BLOCK: usize = 1024 * 1024;

/// What the server refuses the connection for, in place of a block that can't be read.
const NO_BLOCK: &[u8] = &[0x80];

/// Turns what a client sends, in pieces of any size, into what the server is to read.
#[derive(Debug)]
pub(crate) struct Frames {
    next: Next,
    /// The bytes until the next head, which pass.
    passing: usize,
    /// The beginning of what can't be told yet.
    held: BytesMut,
    open: Option<OpenBlock>,
    blocks: HeaderBlocks,
    /// What the server is to read next.
    output: BytesMut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Preface,
    Frame,
    /// Nothing: what the client sent last breaks the rules, and the server refuses the connection for it.
    End,
}

/// A block of which frames are to come.
#[derive(Debug)]
struct OpenBlock {
    stream: [u8; 4],
    end_stream: u8,
    block: Vec<u8>,
    /// The length of its frames so far.
    size: usize,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self {
            next: Next::Preface,
            passing: 0,
            held: BytesMut::new(),
            open: None,
            blocks: HeaderBlocks::default(),
            output: BytesMut::new(),
        }
    }

    /// What the server is to read next. To be emptied before more is taken.
    pub(crate) fn output(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// Whether the server must read no more than the output.
    pub(crate) fn is_at_end(&self) -> bool {
        self.next == Next::End
    }

    /// Takes what was read. Returns how many of its first bytes pass; what comes of the rest is in the output, or follows.
    pub(crate) fn take(&mut self, read: &[u8]) -> usize {
        let passed = if self.held.is_empty() { self.pass(read) } else { 0 };
        let mut held = mem::take(&mut self.held);
        held.extend_from_slice(&read[passed..]);
        while let Some(length) = self.step(&held) {
            held.advance(length);
        }
        self.held = held;
        passed
    }

    /// The client sends no more: what is not whole passes as it is.
    pub(crate) fn finish(&mut self) {
        self.give_up();
        let held = mem::take(&mut self.held);
        self.output.unsplit(held);
    }

    /// The length of what passes at the beginning: the rest of a frame, and frames without headers.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        loop {
            let passing = self.passing.min(bytes.len() - passed);
            self.passing -= passing;
            passed += passing;
            match bytes[passed..].first_chunk() {
                Some(head) if self.next == Next::Frame && self.open.is_none() && !has_headers(head) => {
                    self.passing = HEAD + payload_length(head);
                }
                _ => return passed,
            }
        }
    }

    /// Goes over what comes first. Returns its length, or nothing if there is too little to tell.
    fn step(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.next {
            Next::Preface if bytes.starts_with(PREFACE) => {
                self.next = Next::Frame;
                self.passing = PREFACE.len();
            }
            Next::Preface if PREFACE.starts_with(bytes) => return None,
            // Not HTTP/2.
            Next::Preface => self.passing = usize::MAX,
            Next::End if bytes.is_empty() => return None,
            Next::End => return Some(bytes.len()),
            Next::Frame => {}
        }
        let passed = self.pass(bytes);
        if passed > 0 {
            self.output.extend_from_slice(&bytes[..passed]);
            return Some(passed);
        }
        let size = HEAD + payload_length(bytes.first_chunk()?);
        let size_before = self.open.as_ref().map_or(0, |open| open.size);
        if size_before + size > MAX_BLOCK {
            self.give_up();
            self.output.extend_from_slice(&bytes[..HEAD]);
            return Some(HEAD);
        }
        let frame = bytes.get(..size)?;
        if self.header_frame(frame).is_err() {
            self.give_up();
            self.output.extend_from_slice(frame);
        }
        Some(size)
    }

    /// Goes over a frame that is, or should be, a part of a block.
    fn header_frame(&mut self, frame: &[u8]) -> Result<(), Malformed> {
        let (head, mut part) = frame.split_first_chunk::<HEAD>().ok_or(Malformed)?;
        let [.., kind, flags, a, b, c, d] = *head;
        let stream = [a, b, c, d];
        let is_expected = match &self.open {
            None => kind == HEADERS,
            Some(open) => kind == CONTINUATION && open.stream == stream,
        };
        if !is_expected {
            return Err(Malformed);
        }
        if kind == HEADERS {
            let padding = match flags & PADDED {
                0 => 0,
                _ => part.try_get_u8().map_err(|_| Malformed)?.into(),
            };
            let before = if flags & PRIORITY == 0 { 0 } else { PRIORITY_LENGTH };
            let end = part.len().checked_sub(padding).ok_or(Malformed)?;
            part = part.get(before..end).ok_or(Malformed)?;
        }
        let mut open = self.open.take().unwrap_or_else(|| OpenBlock {
            stream,
            end_stream: flags & END_STREAM,
            block: Vec::new(),
            size: 0,
        });
        open.block.extend_from_slice(part);
        open.size += frame.len();
        if flags & END_HEADERS == 0 {
            self.open = Some(open);
            return Ok(());
        }
        let mut block = BytesMut::with_capacity(open.block.len() + 16);
        if self.blocks.rewrite(&open.block, &mut block).is_err() {
            block = NO_BLOCK.into();
            self.next = Next::End;
        }
        self.put_block(&open, &block, END_HEADERS);
        Ok(())
    }

    /// What comes next is the last that the server reads, as it is.
    fn give_up(&mut self) {
        self.next = Next::End;
        if let Some(open) = self.open.take() {
            self.put_block(&open, &open.block, 0);
        }
    }

    fn put_block(&mut self, open: &OpenBlock, block: &[u8], end_headers: u8) {
        let mut kind = HEADERS;
        let mut flags = open.end_stream;
        let mut rest = block;
        loop {
            let (part, after) = rest.split_at(rest.len().min(MAX_PAYLOAD));
            if after.is_empty() {
                flags |= end_headers;
            }
            self.output.put_uint(part.len() as u64, 3);
            self.output.put_slice(&[kind, flags]);
            self.output.put_slice(&open.stream);
            self.output.put_slice(part);
            if after.is_empty() {
                return;
            }
            rest = after;
            kind = CONTINUATION;
            flags = 0;
        }
    }
}

fn has_headers(head: &[u8; HEAD]) -> bool {
    matches!(head[3], HEADERS | CONTINUATION)
}

fn payload_length(head: &[u8; HEAD]) -> usize {
    u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize
}
