//! Telling every connection that the server is about to stop, and by when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

/// By when what has ended, once the server was told to stop: all of it shares one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    /// Calls are aborted then.
    pub(crate) calls: Instant,
    /// Connections are, whatever they still have to say.
    pub(crate) connections: Instant,
    /// The plugins have ended.
    pub(crate) plugins: Instant,
}

/// What is left of the time after the calls, at most.
const LAST_STEPS: Duration = Duration::from_millis(500);

impl Deadline {
    /// The deadline of a stop that begins now. A tenth is left for what follows the calls.
    pub(crate) fn after(drain_timeout: Duration) -> Self {
        let plugins = Instant::now() + drain_timeout;
        let last_steps = (drain_timeout / 10).min(LAST_STEPS);
        Self {
            calls: plugins - last_steps,
            connections: plugins - last_steps / 2,
            plugins,
        }
    }
}

/// The line of the log where calls are aborted.
pub(crate) fn log_aborted(drain_timeout: Duration) {
    tracing::warn!(
        "drain timeout of {} s elapsed (PLUGINS_DRAIN_TIMEOUT); aborting remaining calls",
        drain_timeout.as_secs_f64()
    );
}

/// The side that stops.
#[derive(Debug)]
pub(crate) struct Drain {
    sender: watch::Sender<bool>,
    has_begun: Arc<AtomicBool>,
}

/// The side that is told. `Clone` is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Draining {
    receiver: watch::Receiver<bool>,
    /// The same, for whoever asks with every call. It is set first.
    has_begun: Arc<AtomicBool>,
}

impl Drain {
    pub(crate) fn new() -> (Self, Draining) {
        let (sender, receiver) = watch::channel(false);
        let has_begun = Arc::new(AtomicBool::new(false));
        let draining = Draining {
            receiver,
            has_begun: Arc::clone(&has_begun),
        };
        (Self { sender, has_begun }, draining)
    }

    pub(crate) fn begin(&self) {
        self.has_begun.store(true, Ordering::Release);
        self.sender.send_replace(true);
    }
}

impl Draining {
    /// Waits until the server is about to stop, or is gone.
    pub(crate) async fn begun(mut self) {
        // An error means that the other side is gone, which is a stop as well.
        let _ = self.receiver.wait_for(|draining| *draining).await;
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
    }
}
