//! How a server ends: it drains, and breaks off what takes too long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serves,
    /// No call begins any more.
    Drains,
    /// What still runs has had its time.
    BreaksOff,
}

/// The side that stops a server. When it is dropped, whatever still runs is broken off.
#[derive(Debug)]
pub(crate) struct Stopper {
    stage: watch::Sender<Stage>,
    is_draining: Arc<AtomicBool>,
}

/// The side that is told to stop. `Clone` is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    stage: watch::Receiver<Stage>,
    /// The same, for whoever asks with every call. It is set first.
    is_draining: Arc<AtomicBool>,
}

impl Stopper {
    pub(crate) fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(Stage::Serves);
        let is_draining = Arc::new(AtomicBool::new(false));
        let stop = Stop {
            stage: receiver,
            is_draining: Arc::clone(&is_draining),
        };
        let stopper = Self {
            stage: sender,
            is_draining,
        };
        (stopper, stop)
    }

    /// Tells everything that the server is about to stop.
    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
        self.stage.send_replace(Stage::Drains);
    }

    /// Tells what still runs that its time is over.
    pub(super) fn break_off(&self) {
        self.stage.send_replace(Stage::BreaksOff);
    }
}

impl Drop for Stopper {
    /// Who waits for the end and who asks for it hear the same.
    fn drop(&mut self) {
        self.is_draining.store(true, Ordering::Release);
    }
}

impl Stop {
    /// Waits until the server is about to stop, or is gone.
    pub(crate) async fn drains(self) {
        self.reaches(Stage::Drains).await;
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Waits until what still runs is to be broken off.
    pub(crate) async fn breaks_off(self) {
        self.reaches(Stage::BreaksOff).await;
    }

    async fn reaches(mut self, stage: Stage) {
        // An error means that the other side is gone, which is a stop as well.
        let _ = self.stage.wait_for(|reached| *reached >= stage).await;
    }
}

/// What is left of the time after the calls, at most.
const LAST_STEPS: Duration = Duration::from_millis(500);

/// The end of a server: all of it shares one time.
#[derive(Debug)]
pub(crate) struct Ending {
    time: Duration,
    /// By when the plugins have ended.
    pub(super) plugins: Instant,
}

impl Ending {
    /// The end of a server that has so much time from now on.
    pub(crate) fn new(time: Duration) -> Self {
        Self {
            time,
            plugins: Instant::now() + time,
        }
    }

    /// Waits for the calls. A tenth of the time is left for what follows them.
    pub(crate) async fn calls(&self, ended: impl Future<Output = ()>) {
        if timeout_at(self.plugins - self.last_steps(), ended).await.is_err() {
            tracing::warn!(
                "drain timeout of {} s elapsed (PLUGINS_DRAIN_TIMEOUT); aborting remaining calls",
                self.time.as_secs_f64()
            );
        }
    }

    /// Waits for what is broken off. What has not ended by then is to be dropped.
    pub(super) async fn rest(&self, ended: impl Future<Output = ()>) {
        let _ = timeout_at(self.plugins - self.last_steps() / 2, ended).await;
    }

    fn last_steps(&self) -> Duration {
        (self.time / 10).min(LAST_STEPS)
    }
}
