//! Keeps the panics of author code to the call that they happen in.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(message), _) => (*message).to_owned(),
        (_, Some(message)) => message.clone(),
        _ => "a panic without a message".to_owned(),
    }
}

/// Polls a future. A panic makes it ready with the panic's message.
pub(crate) fn poll<F: Future + ?Sized>(
    future: Pin<&mut F>,
    task: &mut Context<'_>,
) -> Poll<Result<F::Output, String>> {
    // A future that panicked is not polled again, and what it borrowed is only used for an error answer.
    match catch_unwind(AssertUnwindSafe(|| future.poll(task))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(message(panic.as_ref()))),
    }
}

/// Drops what author code left behind, whose destructors may panic too.
pub(crate) fn discard<T>(value: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        tracing::error!(
            panic = message(panic.as_ref()),
            "a destructor of a plugin panicked"
        );
    }
}

/// Runs a future to its end, or to its panic.
pub(crate) async fn no_panic<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = Box::pin(future);
    let ended = std::future::poll_fn(|task| poll(future.as_mut(), task)).await;
    discard(future);
    ended
}
