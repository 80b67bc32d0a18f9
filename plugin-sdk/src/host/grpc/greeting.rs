//! Whether a server speaks HTTP/2, known before a call is sent to it.

use std::{
    io,
    task::{Context, Poll},
};

use tokio::sync::oneshot;

use crate::{host::connect::is_refusal, stream::watched::Watch};

/// The head of a frame of HTTP/2. The first one of a server is its settings.
const FRAME_HEAD: usize = 9;
const SETTINGS: u8 = 4;

/// How an alert of TLS begins, which is what a server that wants TLS makes of anything else.
const ALERT: [u8; 2] = [21, 3];

/// Tells what the server says first.
pub(super) struct Greeting {
    seen: Vec<u8>,
    told: Option<oneshot::Sender<Result<(), String>>>,
}

impl Greeting {
    /// Who looks, and what comes of it.
    pub(super) fn new() -> (Self, oneshot::Receiver<Result<(), String>>) {
        let (told, greeted) = oneshot::channel();
        let greeting = Self {
            seen: Vec::with_capacity(FRAME_HEAD),
            told: Some(told),
        };
        (greeting, greeted)
    }

    fn tell(&mut self, what: Result<(), String>) {
        if let Some(told) = self.told.take() {
            // The caller no longer waits when connecting took too long.
            let _ = told.send(what);
        }
    }

    fn look(&mut self, read: &[u8]) {
        if read.is_empty() {
            return self.tell(Err(
                "the server closed the connection before it said anything".to_owned()
            ));
        }
        let missing = FRAME_HEAD - self.seen.len();
        self.seen.extend(&read[..missing.min(read.len())]);
        // An alert is shorter than that.
        if self.seen.len() < FRAME_HEAD && !self.seen.starts_with(&ALERT) {
            return;
        }
        let what = match self.seen.as_slice() {
            [_, _, _, SETTINGS, _, 0, 0, 0, 0] => Ok(()),
            [b'H', b'T', b'T', b'P', b'/', ..] => {
                Err("an HTTP server without gRPC listens there: check the port".to_owned())
            }
            seen if seen.starts_with(&ALERT) => {
                Err("the server wants TLS: add the section grpc.tls".to_owned())
            }
            _ => Err("what listens there does not speak gRPC: check the port".to_owned()),
        };
        self.tell(what);
    }
}

impl Watch for Greeting {
    fn read(
        &mut self,
        _: &mut Context<'_>,
        polled: Poll<io::Result<()>>,
        bytes: &[u8],
    ) -> Poll<io::Result<()>> {
        if self.told.is_some() {
            match &polled {
                Poll::Ready(Ok(())) => self.look(bytes),
                Poll::Ready(Err(error)) => {
                    let what = is_refusal(error).unwrap_or_else(|| error.to_string());
                    self.tell(Err(what));
                }
                Poll::Pending => {}
            }
        }
        polled
    }
}
