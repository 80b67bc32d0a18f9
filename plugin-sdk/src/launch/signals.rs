//! SIGTERM and SIGINT: the first lets running calls finish, the second ends the process at once. SIGHUP is the same on a terminal,
//! which is closed then; elsewhere it is a line in the log.

use std::{
    future::poll_fn,
    io::{self, IsTerminal},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use tokio::{
    runtime::Builder,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::{Instant, timeout_at},
};

use super::log::FinishOnDrop;
use crate::repeated::limited;

/// Signals that follow the first so soon are the same request: whoever stops a process may tell it and its group.
const TOGETHER: Duration = Duration::from_millis(500);

/// The stop of the process, which whoever has it may request and wait for. `Clone` is cheap.
#[derive(Debug, Clone)]
pub(crate) struct ProcessStop(watch::Sender<Option<Instant>>);

impl ProcessStop {
    /// Asks the process to stop. The time for that begins with the first request.
    pub(crate) fn request(&self) {
        self.0.send_if_modified(|requested| {
            let is_first = requested.is_none();
            requested.get_or_insert_with(Instant::now);
            is_first
        });
    }

    /// Completes when the process has been asked to stop.
    pub(crate) async fn requested(self) {
        // There is a sender for as long as this waits.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// When it was.
    pub(crate) fn requested_at(&self) -> Option<Instant> {
        *self.0.borrow()
    }
}

/// Starts to listen for signals. When the process has not ended `grace` after the first, it is ended.
///
/// A thread and a runtime of their own, so that hooks that block all threads of the server's runtime cannot
/// keep the process from being stopped.
pub(crate) fn listen(grace: Duration) -> io::Result<ProcessStop> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _context = runtime.enter();
        Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            // Later it would be too late to ask: a terminal that is gone is none.
            is_on_terminal: io::stdin().is_terminal()
                || io::stdout().is_terminal()
                || io::stderr().is_terminal(),
        }
    };
    let stop = ProcessStop(watch::Sender::new(None));
    let of_thread = stop.clone();
    let watch = move || runtime.block_on(end(signals, &of_thread, grace));
    thread::Builder::new().name("signals".to_owned()).spawn(watch)?;
    Ok(stop)
}

/// Asks the process to stop on the first signal, and stops it on the second or when its time is over.
async fn end(mut signals: Signals, stop: &ProcessStop, grace: Duration) {
    let (name, _) = signals.next().await;
    let began = Instant::now();
    tracing::info!("{name}: finishing running calls, then stopping; a second signal stops at once");
    stop.request();
    let second = async {
        loop {
            let next = signals.next().await;
            if began.elapsed() >= TOGETHER {
                return next;
            }
        }
    };
    let status = if let Ok((name, status)) = timeout_at(began + grace, second).await {
        tracing::warn!("{name} again: stopping at once");
        status
    } else {
        tracing::warn!(
            "hooks still block their threads after {} s: stopping",
            grace.as_secs_f64()
        );
        0
    };
    drop(FinishOnDrop);
    std::process::exit(status);
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    is_on_terminal: bool,
}

impl Signals {
    /// The next signal that asks to stop: its name and the exit status of a process that it kills.
    async fn next(&mut self) -> (&'static str, i32) {
        poll_fn(|context| {
            if self.terminate.poll_recv(context).is_ready() {
                Poll::Ready(("SIGTERM", 143))
            } else if self.interrupt.poll_recv(context).is_ready() {
                Poll::Ready(("SIGINT", 130))
            } else if self.hung_up(context) {
                Poll::Ready(("SIGHUP", 129))
            } else {
                Poll::Pending
            }
        })
        .await
    }

    fn hung_up(&mut self, context: &mut Context<'_>) -> bool {
        while self.hangup.poll_recv(context).is_ready() {
            if self.is_on_terminal {
                return true;
            }
            limited!(
                info,
                "SIGHUP is ignored: restart the server to have it read its configuration again"
            );
        }
        false
    }
}
