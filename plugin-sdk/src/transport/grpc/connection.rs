//! A connection that ends when it must, whatever its client does.

use std::{
    io,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};
use tonic::transport::server::Connected;

use super::budget::{Budget, PREFACE};
use crate::{
    plugin::BoxFuture,
    repeated::limited,
    server::stop::Stop,
    stream::{
        Duplex,
        watched::{Watch, Watched},
    },
};

/// How long the last answers have to leave when the server breaks off.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// An accepted connection.
pub(super) type Connection = Watched<Box<dyn Duplex>, ConnectionLimits>;

/// Breaks a connection off when its time is over: the server stops, it is too old, or it does not begin to speak HTTP/2. tonic
/// alone would wait for as long as a client pleases.
pub(super) struct ConnectionLimits {
    end: BoxFuture<'static, ()>,
    has_ended: bool,
    beginning: Option<Beginning>,
    budget: Budget,
    write_timeout: Duration,
    /// Since when the client takes nothing of what is written, as a timer.
    unread: Option<BoxFuture<'static, ()>>,
    /// Given back when the connection is gone.
    _permit: OwnedSemaphorePermit,
}

/// A connection on which the client has not said enough yet.
struct Beginning {
    missing: usize,
    over: BoxFuture<'static, ()>,
}

impl ConnectionLimits {
    /// Those of a connection that may take `handshake_timeout` to begin, and goes on until the server is stopped, after
    /// draining for long enough, or it is `oldest`.
    pub(super) fn new(
        permit: OwnedSemaphorePermit,
        stop: Stop,
        handshake_timeout: Duration,
        write_timeout: Duration,
        oldest: Option<Duration>,
    ) -> Self {
        let draining = stop.clone();
        let stopped = async {
            stop.breaks_off().await;
            sleep(LAST_WORDS).await;
        };
        let end = async move {
            match oldest {
                Some(oldest) => tokio::select! {
                    () = stopped => {}
                    () = sleep(oldest) => tracing::info!(
                        "a connection is over its age and the grace for it, and is aborted"
                    ),
                },
                None => stopped.await,
            }
        };
        Self {
            end: Box::pin(end),
            has_ended: false,
            budget: Budget::new(Instant::now()),
            beginning: Some(Beginning {
                missing: PREFACE,
                over: Box::pin(async move {
                    tokio::select! {
                        // It has no call that draining would have to wait for.
                        () = draining.drains() => {}
                        () = sleep(handshake_timeout) => {
                            limited!(warn, "a connection does not begin with HTTP/2 in time and is closed");
                        }
                    }
                }),
            }),
            write_timeout,
            unread: None,
            _permit: permit,
        }
    }

    /// Whether the connection must end. Asked whenever there is something to wait for, so that it costs a busy connection
    /// nothing.
    fn must_end(&mut self, context: &mut Context<'_>) -> bool {
        if self.has_ended {
            return true;
        }
        let over = self
            .beginning
            .as_mut()
            .is_some_and(|beginning| beginning.over.as_mut().poll(context).is_ready());
        self.has_ended = over || self.end.as_mut().poll(context).is_ready();
        self.has_ended
    }

    fn or_end<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_pending() && self.must_end(context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        polled
    }
}

impl Watch for ConnectionLimits {
    fn read(
        &mut self,
        task: &mut Context<'_>,
        polled: Poll<io::Result<()>>,
        bytes: &[u8],
    ) -> Poll<io::Result<()>> {
        if let Some(beginning) = &mut self.beginning {
            beginning.missing = beginning.missing.saturating_sub(bytes.len());
            if beginning.missing == 0 {
                self.beginning = None;
            }
        }
        if self.budget.read(bytes, Instant::now).is_err() {
            limited!(
                warn,
                "a client changes the settings of its connection too often, and is disconnected"
            );
            self.has_ended = true;
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        self.or_end(task, polled)
    }

    /// An end if the connection must, or if the client has not read for too long.
    fn wrote<T>(&mut self, task: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.unread = None;
            return polled;
        }
        let limit = self.write_timeout;
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(limit)));
        if unread.as_mut().poll(task).is_ready() {
            if !self.has_ended {
                self.has_ended = true;
                limited!(
                    warn,
                    "a client does not read its answers (PLUGINS_WRITE_TIMEOUT); the connection is closed"
                );
            }
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.or_end(task, polled)
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}
