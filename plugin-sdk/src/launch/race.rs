//! Waits for whichever of two things happens first.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Which of the two it was.
pub(crate) enum First<L, R> {
    Left(L),
    Right(R),
}

/// Runs both until one completes, and drops the other. When both are ready, it is the left.
pub(crate) async fn race<L, R>(left: impl Future<Output = L>, right: impl Future<Output = R>) -> First<L, R> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    poll_fn(|context| {
        if let Poll::Ready(output) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(output));
        }
        right.as_mut().poll(context).map(First::Right)
    })
    .await
}
