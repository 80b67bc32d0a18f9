//! SIGTERM and SIGINT: the first lets running calls finish, the second ends the process at once.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

/// Turns true when the process has been asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Completes when the process has been asked to stop.
    pub(crate) async fn requested(mut self) {
        // The sender lives as long as the process; should it be gone, stopping is right as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Starts to listen for signals. When the process has not ended `grace` after the first, it is ended.
///
/// A thread and a runtime of their own, so that hooks that block all threads of the server's runtime cannot
/// keep the process from being stopped.
pub(crate) fn listen(grace: Duration) -> io::Result<(watch::Sender<bool>, Stop)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _context = runtime.enter();
        Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        }
    };
    let (sender, receiver) = watch::channel(false);
    let stop = sender.clone();
    let watch = move || runtime.block_on(end(signals, &stop, grace));
    thread::Builder::new().name("signals".to_owned()).spawn(watch)?;
    Ok((sender, Stop(receiver)))
}

/// Asks the process to stop on the first signal, and stops it on the second or when its time is over.
async fn end(mut signals: Signals, stop: &watch::Sender<bool>, grace: Duration) {
    let (name, _) = signals.next().await;
    tracing::info!("{name}: finishing running calls, then stopping; a second signal stops at once");
    stop.send_replace(true);
    let status = if let Ok((name, status)) = timeout(grace, signals.next()).await {
        tracing::warn!("{name} again: stopping at once");
        status
    } else {
        tracing::warn!(
            "hooks still block their threads after {} s: stopping",
            grace.as_secs_f64()
        );
        0
    };
    std::process::exit(status);
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// The next signal: its name and the exit status of a process that it kills.
    async fn next(&mut self) -> (&'static str, i32) {
        poll_fn(|context| {
            if self.terminate.poll_recv(context).is_ready() {
                Poll::Ready(("SIGTERM", 143))
            } else if self.interrupt.poll_recv(context).is_ready() {
                Poll::Ready(("SIGINT", 130))
            } else {
                Poll::Pending
            }
        })
        .await
    }
}
