//! The tasks of a server, from the first connection to the end: it accepts and serves until it is to stop, drains, and breaks off what takes
//! too long.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
};

#[cfg(feature = "unix")]
use super::socket_file::SocketFile;
use super::{
    ServeError,
    incoming::{self, Arrived, Listen},
    stop::{Ending, Stop, Stopper},
};
use crate::{limits::Limits, plugin::BoxFuture};

/// The tasks of a server. When it is dropped, all of them end.
pub(crate) struct Tasks {
    /// Accept until the server drains.
    accepting: JoinSet<()>,
    /// Accept until the calls have ended.
    accepting_longer: JoinSet<()>,
    /// Serve what was accepted.
    serving: JoinSet<Result<(), ServeError>>,
    max_connections: usize,
    time_to_stop: Duration,
    stopper: Stopper,
    stop: Stop,
    /// The socket, until no more connections are accepted.
    #[cfg(feature = "unix")]
    socket: Option<SocketFile>,
}

/// How a server ended whose plugins end after it.
#[cfg(feature = "unix")]
pub(crate) struct Ended {
    /// An error if it could not go on.
    pub(crate) outcome: Result<(), ServeError>,
    /// By when its plugins are to have ended.
    pub(crate) plugins: tokio::time::Instant,
}

impl Tasks {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (stopper, stop) = Stopper::new();
        Self {
            accepting: JoinSet::new(),
            accepting_longer: JoinSet::new(),
            serving: JoinSet::new(),
            max_connections: limits.max_connections,
            time_to_stop: limits.time_to_stop(),
            stopper,
            stop,
            #[cfg(feature = "unix")]
            socket: None,
        }
    }

    /// Frees the path of a socket when no more connections are accepted, and when the tasks are dropped.
    #[cfg(feature = "unix")]
    pub(crate) fn free(&mut self, socket: SocketFile) {
        self.socket = Some(socket);
    }

    /// What tells that the server stops.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Accepts connections until the server drains. Must be called in a tokio runtime.
    pub(crate) fn accept<L: Listen>(&mut self, listener: L) -> mpsc::Receiver<Arrived<L::Stream>> {
        let (arrived, incoming) = mpsc::channel(1);
        self.accepting
            .spawn(incoming::accept(listener, self.max_connections, arrived));
        incoming
    }

    /// The same, until the calls have ended.
    #[cfg(feature = "mcp")]
    pub(crate) fn accept_longer<L: Listen>(&mut self, listener: L) -> mpsc::Receiver<Arrived<L::Stream>> {
        let (arrived, incoming) = mpsc::channel(1);
        self.accepting_longer
            .spawn(incoming::accept(listener, self.max_connections, arrived));
        incoming
    }

    /// Serves what arrives, each connection in a task.
    #[cfg(any(feature = "unix", feature = "mcp"))]
    pub(crate) fn serve<S: Send + 'static>(
        &mut self,
        mut arrived: mpsc::Receiver<Arrived<S>>,
        connection: impl Fn(Arrived<S>) -> BoxFuture<'static, ()> + Send + 'static,
    ) {
        self.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    next = arrived.recv() => match next {
                        Some(arrived) => drop(connections.spawn(connection(arrived))),
                        None => break,
                    },
                    Some(_) = connections.join_next(), if !connections.is_empty() => {}
                }
            }
            all(&mut connections).await;
            Ok(())
        });
    }

    /// Has something go on for as long as the server does.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = Result<(), ServeError>> + Send + 'static) {
        self.serving.spawn(task);
    }

    /// Serves until `shutdown` ends, or until it can't go on. Then calls have the time for draining, and what still runs is broken
    /// off. `calls` ends with the last call; without it, that is the end of the last connection. The plugins go on.
    #[cfg(any(feature = "grpc", feature = "mcp"))]
    pub(crate) async fn run(
        mut self,
        shutdown: impl Future<Output = ()>,
        calls: Option<BoxFuture<'static, ()>>,
    ) -> Result<(), ServeError> {
        let (outcome, ending) = self.run_until_drained(shutdown, calls).await;
        // A large answer may still be on its way to a slow client. What has not ended after that is dropped.
        self.stopper.break_off();
        ending.rest(all(&mut self.serving)).await;
        outcome
    }

    /// The same, where what is broken off has nothing left to say: it is dropped at once.
    #[cfg(feature = "unix")]
    pub(crate) async fn run_to_the_last_call(mut self, shutdown: impl Future<Output = ()>) -> Ended {
        let (outcome, ending) = self.run_until_drained(shutdown, None).await;
        Ended {
            outcome,
            plugins: ending.plugins,
        }
    }

    async fn run_until_drained(
        &mut self,
        shutdown: impl Future<Output = ()>,
        calls: Option<BoxFuture<'static, ()>>,
    ) -> (Result<(), ServeError>, Ending) {
        let outcome = tokio::select! {
            biased;
            () = shutdown => Ok(()),
            error = self.failed() => Err(error),
        };
        let ending = Ending::new(self.time_to_stop);
        self.stopper.drain();
        self.accepting.shutdown().await;
        #[cfg(feature = "unix")]
        drop(self.socket.take());
        match calls {
            Some(calls) => ending.calls(calls).await,
            None => ending.calls(all(&mut self.serving)).await,
        }
        self.accepting_longer.shutdown().await;
        (outcome, ending)
    }

    /// Waits until a task ends that should not.
    async fn failed(&mut self) -> ServeError {
        tokio::select! {
            Some(ended) = self.accepting.join_next() => ended_early(ended.map(Ok)),
            Some(ended) = self.accepting_longer.join_next() => ended_early(ended.map(Ok)),
            Some(ended) = self.serving.join_next() => ended_early(ended),
            else => std::future::pending().await,
        }
    }
}

fn ended_early(ended: Result<Result<(), ServeError>, JoinError>) -> ServeError {
    const MESSAGE: &str = "no more connections are accepted";
    match ended {
        Ok(Ok(())) => ServeError::new(MESSAGE),
        Ok(Err(error)) => error,
        Err(error) => ServeError::new(format!("{MESSAGE}: {error}")),
    }
}

/// Waits until all tasks have ended.
async fn all<T: 'static>(tasks: &mut JoinSet<T>) {
    while tasks.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{super::incoming::Accepted, *};

    /// Breaks with its first connection.
    struct Broken;

    impl Listen for Broken {
        type Stream = ();

        const HAVE_WAIT: bool = false;

        async fn accept(&self) -> io::Result<Accepted<()>> {
            panic!("broken");
        }
    }

    async fn outcome(accept: impl FnOnce(&mut Tasks) -> mpsc::Receiver<Arrived<()>>) -> String {
        let mut tasks = Tasks::new(&Limits::default());
        let _arrived = accept(&mut tasks);
        let stop = tasks.stop();
        let outcome = tasks.run(std::future::pending(), None).await;
        assert!(stop.is_draining());
        outcome.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_server_that_can_accept_no_more_ends_with_an_error() {
        for message in [
            outcome(|tasks| tasks.accept(Broken)).await,
            outcome(|tasks| tasks.accept_longer(Broken)).await,
        ] {
            assert!(
                message.starts_with("no more connections are accepted: ") && message.contains("panic"),
                "{message}"
            );
        }
    }

    #[tokio::test]
    async fn what_cannot_go_on_ends_the_server() {
        let mut tasks = Tasks::new(&Limits::default());
        tasks.spawn(async { Err(ServeError::new("out of luck")) });
        let outcome = tasks.run(std::future::pending(), None).await;
        assert_eq!(outcome.unwrap_err().to_string(), "out of luck");
    }

    #[tokio::test]
    async fn a_server_without_a_task_waits_until_it_is_to_stop() {
        let outcome = Tasks::new(&Limits::default()).run(async {}, None).await;
        assert!(outcome.is_ok());
    }
}
