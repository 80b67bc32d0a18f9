//! What a connection waits for.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use tokio::{io::AsyncReadExt, time::Sleep};

use super::Connection;

/// What a connection waits for.
pub(super) enum Event {
    Arrived(io::Result<usize>),
    Writable,
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
        // Reading goes on while answers wait to be written, so that a client may send many requests before it reads; what it
        // may send ahead is bounded by the size of a message.
        let has_room =
            self.output.is_empty() || self.input.len() <= self.dispatcher.limits().max_message_size;
        if !self.at_end && has_room {
            self.make_room();
            let read = pin!(self.stream.read_buf(&mut self.input)).poll(task);
            if let Poll::Ready(read) = read {
                return Poll::Ready(Event::Arrived(read));
            }
        }
        if !self.output.is_empty() && self.stream.poll_write_ready(task).is_ready() {
            return Poll::Ready(Event::Writable);
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
}
