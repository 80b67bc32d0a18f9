//! Telling every connection that the server is about to stop.

use tokio::sync::watch;

/// The side that stops.
#[derive(Debug)]
pub(crate) struct Drain(watch::Sender<bool>);

/// The side that is told. `Clone` is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Draining(watch::Receiver<bool>);

impl Drain {
    pub(crate) fn new() -> (Self, Draining) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Draining(receiver))
    }

    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }
}

impl Draining {
    /// Waits until the server is about to stop, or is gone.
    pub(crate) async fn begun(mut self) {
        // An error means that the other side is gone, which is a stop as well.
        let _ = self.0.wait_for(|draining| *draining).await;
    }

    pub(crate) fn has_begun(&self) -> bool {
        *self.0.borrow()
    }
}
