//! Clients that close their side of a connection while their request is answered.
//!
//! The end of what a client sends looks the same whether it has gone or only has nothing more to say. The first takes its call back;
//! the second gets its answer (RFC 9112, section 9.6). They are told apart by writing: a client that has gone resets the connection.
//! What is written is an informational response, which may precede any answer to HTTP/1.1.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};

use super::clock::Clock;
use crate::{server::incoming::Arrived, stream::Duplex};

const INTERIM: &[u8] = b"HTTP/1.1 102 Processing\r\n\r\n";

/// The time until the first of them. It doubles with each: the reset that follows one shows when the next is written.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Bytes read at once past hyper.
const AHEAD: usize = 512;

/// A stream that hyper and the watch for its end share, and that keeps the clock. Both are in one task.
#[derive(Clone)]
pub(super) struct SharedStream {
    stream: Arc<Mutex<Stream>>,
    clock: Arc<Clock>,
}

impl SharedStream {
    pub(super) fn new(arrived: Arrived<Box<dyn Duplex>>, clock: Arc<Clock>) -> Self {
        let stream = Stream {
            arrived,
            ahead: Vec::new(),
            has_ended: false,
            is_read: false,
            is_flushed: true,
            interim: &[],
        };
        Self {
            stream: Arc::new(Mutex::new(stream)),
            clock,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a client has gone whose request is being answered.
    pub(super) async fn hung_up(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            if poll_fn(|context| self.lock().poll_end(context, &self.clock))
                .await
                .is_err()
            {
                return;
            }
            // Most calls have ended by then, without anything else on the wire.
            sleep(pause).await;
            pause *= 2;
            if self.probe().await.is_err() {
                return;
            }
        }
    }

    async fn probe(&self) -> io::Result<()> {
        poll_fn(|context| {
            let mut stream = self.lock();
            if stream.interim.is_empty() && stream.is_flushed && self.clock.may_send_interim() {
                stream.interim = INTERIM;
            }
            // One that does not leave now leaves before the answer.
            match stream.poll_interim(context) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                _ => Poll::Ready(Ok(())),
            }
        })
        .await
    }
}

/// A stream, and what was read of it past hyper.
struct Stream {
    arrived: Arrived<Box<dyn Duplex>>,
    /// What hyper reads next.
    ahead: Vec<u8>,
    /// The client has closed its side.
    has_ended: bool,
    /// hyper waits for something to read.
    is_read: bool,
    /// All that hyper has written has left.
    is_flushed: bool,
    /// What has to leave before hyper writes anything.
    interim: &'static [u8],
}

impl Stream {
    fn inner(&mut self) -> Pin<&mut Box<dyn Duplex>> {
        Pin::new(&mut self.arrived.stream)
    }

    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.is_read = false;
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead[..length]);
            self.ahead.drain(..length);
            return Poll::Ready(Ok(()));
        }
        if self.has_ended {
            return Poll::Ready(Ok(()));
        }
        let polled = self.inner().poll_read(context, buffer);
        self.is_read = polled.is_pending();
        polled
    }

    /// Ready when the client closes its side while its request is answered, and it can be found out whether it has gone. hyper does
    /// not read then, or would take it for gone.
    fn poll_end(&mut self, context: &mut Context<'_>, clock: &Clock) -> Poll<io::Result<()>> {
        if self.is_read || !self.ahead.is_empty() || !clock.may_send_interim() {
            return Poll::Pending;
        }
        if !self.has_ended {
            let mut ahead = [0; AHEAD];
            let mut buffer = ReadBuf::new(&mut ahead);
            match ready!(self.inner().poll_read(context, &mut buffer)) {
                // The end without the farewell of TLS: the request is whole, so that nothing is cut off.
                Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Poll::Ready(Err(error)),
                _ => {}
            }
            if !buffer.filled().is_empty() {
                self.ahead = buffer.filled().to_vec();
                return Poll::Pending;
            }
            self.has_ended = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.interim.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.interim.is_empty() {
            let interim = self.interim;
            let written = ready!(self.inner().poll_write(context, interim))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.interim = &interim[written..];
        }
        self.inner().poll_flush(context)
    }
}

impl AsyncRead for SharedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = self.lock().poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.clock.read();
        }
        polled
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut stream = self.lock();
        let polled = stream.inner().poll_flush(context);
        stream.is_flushed = matches!(polled, Poll::Ready(Ok(())));
        self.clock.wrote(polled.is_ready());
        polled
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.lock().inner().poll_shutdown(context);
        self.clock.wrote(polled.is_ready());
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut stream = self.lock();
        stream.is_flushed = false;
        let polled = match stream.poll_interim(context) {
            Poll::Ready(Ok(())) => stream.inner().poll_write_vectored(context, slices),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        };
        if polled.is_ready() {
            self.clock.sent();
        }
        self.clock.wrote(polled.is_ready());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.lock().arrived.stream.is_write_vectored()
    }
}
