//! What a server reads, over whole connections.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that its tests share"
)]

mod client;
mod difference;
mod frames;
mod literals;
mod server;

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use h2_authority::ValidAuthority;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What takes the place of every authority.
const VALID_AUTHORITY: &[u8] = b"\x01\x09localhost";

const HEADERS: u8 = 1;
const END_HEADERS: u8 = 0x04;

/// A client's bytes, which arrive in pieces of these sizes, over and over.
struct Arriving<'a> {
    bytes: &'a [u8],
    pieces: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl AsyncRead for Arriving<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = (*self.pieces.next().unwrap()).clamp(1, buffer.remaining());
        let (piece, rest) = self.bytes.split_at(self.bytes.len().min(length));
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

/// What the server reads when the client's bytes arrive in pieces of these sizes.
fn walked(bytes: &[u8], pieces: &[usize]) -> Vec<u8> {
    let pieces = pieces.iter().cycle();
    let mut stream = ValidAuthority::new(Arriving { bytes, pieces });
    let mut read = Vec::new();
    let reading = pin!(stream.read_to_end(&mut read));
    let ended = reading.poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(ended, Poll::Ready(Ok(_))), "{ended:?}");
    read
}

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

fn connection(frames: &[Vec<u8>]) -> Vec<u8> {
    [PREFACE, &frames.concat()].concat()
}

/// The server reads these frames, in whatever pieces the client's arrive.
#[track_caller]
fn assert_walked(sent: &[Vec<u8>], expected: &[Vec<u8>]) {
    for size in [1, 2, 3, 7, 1000] {
        let got = walked(&connection(sent), &[size]);
        assert_eq!(
            got.escape_ascii().to_string(),
            connection(expected).escape_ascii().to_string()
        );
    }
}
