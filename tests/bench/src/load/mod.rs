//! Clients that do as little as they can between an answer and the next request.

pub(crate) mod frames;
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod lines;

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;

/// Calls that were made, and how long that took.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) calls: u64,
    pub(crate) elapsed: Duration,
}

impl Load {
    pub(crate) fn per_second(self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64()
    }
}

/// Makes batches of calls until the time is over; `batch` says how many calls one was.
pub(crate) fn until(sample: Duration, mut batch: impl FnMut() -> Result<u64>) -> Result<Load> {
    let (mut calls, started) = (0, Instant::now());
    loop {
        calls += batch()?;
        let elapsed = started.elapsed();
        if elapsed >= sample {
            return Ok(Load { calls, elapsed });
        }
    }
}

/// The calls that tasks made from `started` until all of them were over.
async fn joined(started: Instant, mut tasks: JoinSet<Result<u64>>) -> Result<Load> {
    let mut calls = 0;
    while let Some(task) = tasks.join_next().await {
        calls += task??;
    }
    Ok(Load {
        calls,
        elapsed: started.elapsed(),
    })
}
