//! Keeps the panics of author code to the call that they happen in.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use crate::repeated::limited;

/// A panic of author code.
#[derive(Debug)]
pub(crate) struct Panic {
    /// The file and the line, as far as the panic hook of the process notes them.
    place: Option<String>,
    /// What it said. It may hold values, so that it is for a log at DEBUG alone.
    text: String,
}

/// Tells what is no secret: that it was a panic, and where.
impl fmt::Display for Panic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("panicked")?;
        match &self.place {
            Some(place) => write!(formatter, " at {place}"),
            None => Ok(()),
        }
    }
}

impl Panic {
    /// What it said, in one line.
    pub(crate) fn text(&self) -> String {
        self.text.replace(['\n', '\r'], " ")
    }
}

thread_local! {
    /// Whether author code runs whose panics are caught.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where the last of them happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Called by the panic hook of the process. Returns whether the panic is caught here, and told with more than its place.
#[cfg(feature = "cli")]
pub(crate) fn note(place: Option<&std::panic::Location<'_>>) -> bool {
    let is_guarded = GUARDED.get();
    if is_guarded {
        let place = place.map(|place| format!("{}:{}", place.file(), place.line()));
        PLACE.set(place);
    }
    is_guarded
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(message), _) => (*message).to_owned(),
        (_, Some(message)) => message.clone(),
        _ => "a panic without a message".to_owned(),
    }
}

fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Panic> {
    let outer = GUARDED.replace(true);
    // What panicked is not used again, and what it borrowed is only used for an error answer.
    let outcome = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(outer);
    outcome.map_err(|panic| Panic {
        place: PLACE.take(),
        text: message(panic.as_ref()),
    })
}

/// Polls a future. A panic makes it ready with the panic.
pub(crate) fn poll<F: Future + ?Sized>(
    future: Pin<&mut F>,
    task: &mut Context<'_>,
) -> Poll<Result<F::Output, Panic>> {
    match catch(|| future.poll(task)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// Drops what author code left behind, whose destructors may panic too.
pub(crate) fn discard<T>(value: T) {
    if let Err(panic) = catch(|| drop(value)) {
        limited!(error, kind: "panics of destructors"; "a destructor of a plugin {panic}");
        tracing::debug!("the panic of the destructor says: {}", panic.text());
    }
}

/// Runs a future to its end, or to its panic.
pub(crate) async fn no_panic<F: Future>(future: F) -> Result<F::Output, Panic> {
    let mut future = Box::pin(future);
    let ended = std::future::poll_fn(|task| poll(future.as_mut(), task)).await;
    discard(future);
    ended
}
