//! What a connection waits for.

use std::{
    io::{self, Write},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use socket2::SockRef;
use tokio::{io::AsyncReadExt, net::UnixStream, time::Sleep};

use super::{Connection, End, abandoned::Reason};

/// What a connection without a request waits for.
pub(super) enum Event {
    Arrived(io::Result<usize>),
    Drain,
    Timer,
}

/// How far a connection follows what it waits for beside its client.
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
        if let Poll::Ready(read) = self.poll_read(task) {
            return Poll::Ready(Event::Arrived(read));
        }
        // These two know this task from an earlier wait, and say by a flag whether they had something to tell it meanwhile. If
        // they have it later, the task is woken.
        let has_news = (self.draining.has_begun() && !self.watch.is_draining) || timer.is_elapsed();
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
        while !self.at_end {
            let Poll::Ready(read) = self.poll_read(task) else {
                return Poll::Pending;
            };
            match self.note_read(read) {
                Ok(true) => return Poll::Ready(End::Abandoned(Reason::NextRequest)),
                Ok(false) if self.at_end && is_gone(&self.stream) => return Poll::Ready(End::Closed),
                Ok(false) => {}
                Err(end) => return Poll::Ready(end),
            }
        }
        Poll::Pending
    }

    fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.make_room();
        pin!(self.stream.read_buf(&mut self.input)).poll(task)
    }
}

/// Whether a client that sends nothing more does not read either. A write of nothing fails then.
pub(in crate::transport::unix) fn is_gone(stream: &UnixStream) -> bool {
    (&*SockRef::from(stream)).write(&[]).is_err()
}
