//! Telling every connection that the server is about to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

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
