//! What a connection waits for.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::Sleep;

use super::{Connection, End, Reason};

/// What a connection without a request waits for.
pub(super) enum Event {
    Arrived(io::Result<bool>),
    Drain,
    Timer,
}

/// How far a connection follows what it waits for besides its client.
#[derive(Default)]
pub(super) struct Watch {
    /// It was told that the server is about to stop.
    is_draining: bool,
    /// The end of the server and the timer know the task to wake.
    pub(super) is_set: bool,
}

impl Connection {
    /// Waits for the next thing to do: something to read first of all.
    pub(super) fn poll(
        &mut self,
        task: &mut Context<'_>,
        is_woken: bool,
        drain: Pin<&mut impl Future<Output = ()>>,
        timer: Pin<&mut Sleep>,
    ) -> Poll<Event> {
        if let Poll::Ready(read) = self.framed.poll_read(task) {
            return Poll::Ready(Event::Arrived(read));
        }
        // These two know this task from an earlier wait, and say by a flag whether they had something to tell it meanwhile. If
        // they have it later, the task is woken.
        let has_news = (self.stop.is_draining() && !self.watch.is_draining) || timer.is_elapsed();
        if self.watch.is_set && !is_woken && !has_news {
            return Poll::Pending;
        }
        self.watch.is_set = true;
        if !self.watch.is_draining && drain.poll(task).is_ready() {
            self.watch.is_draining = true;
            return Poll::Ready(Event::Drain);
        }
        timer.poll(task).map(|()| Event::Timer)
    }

    /// Looks at the client while an answer is owed to it. One that sends something has given up on the answer; one that only
    /// ends its side still reads it.
    pub(super) fn poll_client(&mut self, task: &mut Context<'_>) -> Poll<End> {
        let framed = &mut self.framed;
        while !framed.input.at_end() {
            match ready!(framed.poll_read(task)) {
                Ok(true) => return Poll::Ready(End::Abandoned(Reason::NextRequest)),
                Ok(false) if framed.input.at_end() && framed.is_gone() => return Poll::Ready(End::Closed),
                Ok(false) => {}
                Err(error) => return Poll::Ready(error.into()),
            }
        }
        Poll::Pending
    }
}
