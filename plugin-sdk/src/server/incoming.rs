//! Accepting connections, up to a limit.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};

use crate::{plugin::BoxFuture, repeated::limited};

/// After a failed accept, such as for want of file descriptors, so long passes before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What connections are accepted from.
pub(crate) trait Listen: Send + Sync + 'static {
    type Stream: Send + 'static;

    /// Whether a client for which there is no room waits. If not, it is closed at once.
    const HAVE_WAIT: bool;

    /// The next client, and the handshake that is still to be made with it.
    fn accept(&self) -> impl Future<Output = io::Result<Accepted<Self::Stream>>> + Send;

    /// What goes on beside, for as long as it listens.
    fn watch(&self) -> Option<BoxFuture<'static, ()>> {
        None
    }
}

/// A client that was accepted.
pub(crate) enum Accepted<S> {
    Ready(S),
    /// Nothing comes of a handshake that fails.
    Handshake(BoxFuture<'static, Option<S>>),
}

/// A connection whose handshake is made.
pub(crate) struct Arrived<S> {
    pub(crate) stream: S,
    /// Given back when the connection is gone.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// Accepts connections, at most so many at a time, for as long as somebody takes them.
pub(super) async fn accept<L: Listen>(
    listener: L,
    max_connections: usize,
    arrived: mpsc::Sender<Arrived<L::Stream>>,
) {
    let permits = Arc::new(Semaphore::new(max_connections));
    // Ends with the loop: a handshake that is under way when the server stops has no call to lose.
    let mut background = JoinSet::new();
    if let Some(watch) = listener.watch() {
        background.spawn(watch);
    }
    loop {
        while background.try_join_next().is_some() {}
        let mut permit = None;
        if L::HAVE_WAIT {
            permit = wait_for_room(&permits).await;
        }
        let accepted = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                limited!(error, "a connection can't be accepted"; %error);
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(permit) = permit.or_else(|| Arc::clone(&permits).try_acquire_owned().ok()) else {
            limited!(
                warn,
                "all connections are taken (PLUGINS_MAX_CONNECTIONS); a further one is closed"
            );
            continue;
        };
        match accepted {
            Accepted::Ready(stream) => {
                if arrived.send(Arrived { stream, permit }).await.is_err() {
                    return;
                }
            }
            Accepted::Handshake(handshake) => {
                let arrived = arrived.clone();
                background.spawn(async move {
                    if let Some(stream) = handshake.await {
                        // Fails only when the server is stopping.
                        let _ = arrived.send(Arrived { stream, permit }).await;
                    }
                });
            }
        }
    }
}

async fn wait_for_room(permits: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
        return Some(permit);
    }
    limited!(
        warn,
        "all connections are taken (PLUGINS_MAX_CONNECTIONS); further ones wait"
    );
    Arc::clone(permits).acquire_owned().await.ok()
}
