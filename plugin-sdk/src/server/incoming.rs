//! Accepting connections, up to a bound, and serving each.

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

/// The task that accepts. Dropping it stops to listen.
pub(crate) struct Accepting(JoinSet<()>);

impl Accepting {
    /// Stops to listen: the listener is closed when this returns.
    pub(crate) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

/// Accepts at most so many connections at a time. Must be called in a tokio runtime.
pub(crate) fn accept<L: Listen>(
    listener: L,
    max_connections: usize,
) -> (Accepting, mpsc::Receiver<Arrived<L::Stream>>) {
    let (arrived, incoming) = mpsc::channel(1);
    let permits = Arc::new(Semaphore::new(max_connections));
    let mut accepting = JoinSet::new();
    accepting.spawn(accept_all(listener, permits, arrived));
    (Accepting(accepting), incoming)
}

/// Serves what arrives, each in a task. Ends when nothing arrives any more and all connections have ended.
pub(crate) async fn serve<S>(
    mut arrived: mpsc::Receiver<Arrived<S>>,
    connection: impl Fn(Arrived<S>) -> BoxFuture<'static, ()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            next = arrived.recv() => match next {
                Some(arrived) => drop(connections.spawn(connection(arrived))),
                None => break,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    all(&mut connections).await;
}

/// Waits until all tasks have ended.
pub(crate) async fn all(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// Accepts connections for as long as somebody takes them.
async fn accept_all<L: Listen>(
    listener: L,
    permits: Arc<Semaphore>,
    arrived: mpsc::Sender<Arrived<L::Stream>>,
) {
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
