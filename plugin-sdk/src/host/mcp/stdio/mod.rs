//! A child process that speaks on its standard input and output, one message by line. Its standard error is ours.

mod conversation;
mod process;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
#[cfg(any(feature = "cli", feature = "testing"))]
use tokio::net::unix::pipe;
use tokio::sync::Semaphore;

#[cfg(any(feature = "cli", feature = "testing"))]
use self::process::Ends;
use self::process::{Process, State};
use crate::{
    codec::Encoding,
    host::{
        config::target::StdioTarget,
        settings::HostSettings,
        slot::Slot,
        transport::{Failure, Request, Transport},
    },
};

/// A process that lived for so long did not end because it was started.
const LONG_LIFE: Duration = Duration::from_secs(10);

/// So long a process whose input was closed may take to end.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

pub(in crate::host) struct StdioTransport {
    target: StdioTarget,
    settings: HostSettings,
    process: Slot<Arc<Process>>,
    permits: Semaphore,
    starts: Mutex<Starts>,
}

/// How it went with the processes so far.
#[derive(Default)]
struct Starts {
    /// Short lives in a row.
    short_lives: u32,
    last: Option<Instant>,
    not_before: Option<Instant>,
}

impl StdioTransport {
    pub(in crate::host) fn new(target: &StdioTarget, settings: &HostSettings) -> Self {
        Self {
            target: target.clone(),
            settings: settings.clone(),
            process: Slot::new(),
            permits: Semaphore::new(settings.max_calls_in_flight.clamp(1, Semaphore::MAX_PERMITS)),
            starts: Mutex::default(),
        }
    }

    async fn make(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| Failure::Connection("closed by this process".to_owned()))?;
        let process = self
            .process
            .get(|process| self.is_alive(process), async { self.start() })
            .await?;
        process.exchange(request).await
    }

    fn is_alive(&self, process: &Process) -> bool {
        let State::Ended { at, why } = process.state() else {
            return true;
        };
        tracing::warn!("{}: {why}; it is started again", self.program());
        self.ended(at);
        false
    }

    /// Starts the process, unless it ended too often just after it was started.
    fn start(&self) -> Result<Arc<Process>, Failure> {
        {
            let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            if let Some(not_before) = starts.not_before.filter(|not_before| *not_before > now) {
                return Err(Failure::Connection(format!(
                    "{}: it ended {} times just after it was started; it is started again in {:.1} s",
                    self.program(),
                    starts.short_lives,
                    (not_before - now).as_secs_f64()
                )));
            }
            starts.last = Some(now);
        }
        match Process::start(&self.target, &self.settings) {
            Ok(process) => Ok(Arc::new(process)),
            Err(failure) => {
                self.ended(Instant::now());
                Err(failure)
            }
        }
    }

    /// Decides when it may be started again: at once the first time, and later each time after that.
    fn ended(&self, at: Instant) {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let lived = starts
            .last
            .map_or(Duration::ZERO, |last| at.saturating_duration_since(last));
        if lived >= LONG_LIFE {
            *starts = Starts::default();
            return;
        }
        starts.short_lives = starts.short_lives.saturating_add(1);
        starts.not_before = starts.short_lives.checked_sub(2).map(|doublings| {
            let pause = self
                .target
                .reconnect
                .delay
                .saturating_mul(2u32.saturating_pow(doublings));
            at + pause.min(self.settings.max_backoff)
        });
    }

    fn program(&self) -> &str {
        self.target.command.first().map_or("", String::as_str)
    }
}

/// A server at the other ends of two pipes, which is neither started nor restarted.
#[cfg(any(feature = "cli", feature = "testing"))]
pub(crate) struct PipesTransport(Process);

#[cfg(any(feature = "cli", feature = "testing"))]
impl PipesTransport {
    pub(crate) fn new((output, input): (pipe::Receiver, pipe::Sender), settings: &HostSettings) -> Self {
        let ends = Ends {
            child: None,
            input: Box::new(input),
            output: Box::new(output),
        };
        Self(Process::at("the server", ends, settings))
    }
}

#[cfg(any(feature = "cli", feature = "testing"))]
#[async_trait]
impl Transport for PipesTransport {
    fn encoding(&self) -> Encoding {
        Encoding::Json
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        self.0.exchange(request).await
    }

    async fn close(&self) {
        self.0.close(CLOSE_PATIENCE).await;
    }
}

#[async_trait]
impl Transport for StdioTransport {
    fn encoding(&self) -> Encoding {
        Encoding::Json
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        self.make(request).await
    }

    async fn close(&self) {
        self.permits.close();
        if let Some(process) = self.process.close() {
            process.close(CLOSE_PATIENCE).await;
        }
    }
}
