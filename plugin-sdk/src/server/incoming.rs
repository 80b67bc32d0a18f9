//! Accepting connections, up to a bound.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};

use super::listener::{Accepted, Duplex, Listener};

use crate::repeated::limited;

/// After a failed accept, such as for want of file descriptors, so long passes before the next.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A connection whose handshake is made.
pub(crate) struct Arrived {
    pub(crate) stream: Box<dyn Duplex>,
    /// Given back when the connection is gone.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// The task that accepts. Dropping it stops to listen.
pub(crate) struct Accepting(JoinSet<()>);

impl Accepting {
    /// Stops to listen: a socket file is gone when this returns.
    pub(crate) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

/// Accepts at most so many connections at a time; further ones wait. Must be called in a tokio runtime.
pub(crate) fn accept(listener: Listener, max_connections: usize) -> (Accepting, mpsc::Receiver<Arrived>) {
    let (arrived, incoming) = mpsc::channel(1);
    let permits = Arc::new(Semaphore::new(max_connections));
    let mut accepting = JoinSet::new();
    accepting.spawn(accept_all(listener, permits, arrived));
    (Accepting(accepting), incoming)
}

/// Accepts connections for as long as somebody takes them.
async fn accept_all(listener: Listener, permits: Arc<Semaphore>, arrived: mpsc::Sender<Arrived>) {
    // Ends with the loop: a handshake that is under way when the server stops has no call to lose.
    let mut background = JoinSet::new();
    if let Some(watch) = listener.watch() {
        background.spawn(watch);
    }
    loop {
        while background.try_join_next().is_some() {}
        let Some(permit) = permit(&permits).await else {
            return;
        };
        match listener.accept().await {
            Ok(Accepted::Ready(stream)) => {
                if arrived.send(Arrived { stream, permit }).await.is_err() {
                    return;
                }
            }
            Ok(Accepted::Handshake(handshake)) => {
                let arrived = arrived.clone();
                background.spawn(async move {
                    if let Some(stream) = handshake.await {
                        // Fails only when the server is stopping.
                        let _ = arrived.send(Arrived { stream, permit }).await;
                    }
                });
            }
            Err(error) => pause(&error).await,
        }
    }
}

/// Waits after an accept that failed.
pub(crate) async fn pause(error: &io::Error) {
    limited!(error, "a connection can't be accepted"; %error);
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn permit(permits: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
        return Some(permit);
    }
    limited!(
        warn,
        "all connections are taken (PLUGINS_MAX_CONNECTIONS); further ones wait"
    );
    Arc::clone(permits).acquire_owned().await.ok()
}
