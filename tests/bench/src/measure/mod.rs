//! How to measure without fooling oneself: pinned to known cores, each figure interleaved with its floor, medians of rounds.

pub(crate) mod affinity;
pub(crate) mod process;

use std::time::{Duration, Instant};

use crate::Result;

/// How thorough a run is.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// How long one sample takes.
    pub(crate) sample: Duration,
}

/// The median of what was measured, and how far it went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.as_slice() {
            [] => f64::NAN,
            values if values.len() % 2 == 1 => values[middle],
            values => f64::midpoint(values[middle - 1], values[middle]),
        };
        Self {
            median,
            low: values.first().copied().unwrap_or(f64::NAN),
            high: values.last().copied().unwrap_or(f64::NAN),
        }
    }
}

/// One figure against another, from the same rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared {
    pub(crate) ours: Spread,
    pub(crate) floor: Spread,
    /// Of ours to the floor, round by round: both saw the same machine.
    pub(crate) ratio: Spread,
}

impl Compared {
    /// Of rounds of ours and the floor.
    pub(crate) fn of(rounds: &[(f64, f64)]) -> Self {
        Self {
            ours: Spread::of(rounds.iter().map(|round| round.0)),
            floor: Spread::of(rounds.iter().map(|round| round.1)),
            ratio: Spread::of(rounds.iter().map(|round| round.0 / round.1)),
        }
    }
}

/// What one sample says: several figures, so that both calls per second and processor time come from the same calls.
pub(crate) type Sample<const N: usize> = [f64; N];

/// Takes samples of two sides in turns, A B, B A, A B…, after one of each that does not count.
pub(crate) fn interleaved<const N: usize>(
    rounds: usize,
    mut ours: impl FnMut() -> Result<Sample<N>>,
    mut floor: impl FnMut() -> Result<Sample<N>>,
) -> Result<[Compared; N]> {
    ours()?;
    floor()?;
    let mut taken = Vec::with_capacity(rounds);
    for round in 0..rounds {
        taken.push(if round % 2 == 0 {
            let ours = ours()?;
            (ours, floor()?)
        } else {
            let floor = floor()?;
            (ours()?, floor)
        });
    }
    Ok(std::array::from_fn(|at| {
        let of_figure: Vec<_> = taken.iter().map(|(ours, floor)| (ours[at], floor[at])).collect();
        Compared::of(&of_figure)
    }))
}

/// Nanoseconds of this thread's processor time that one call of `work` takes, over as many calls as fit into the time of a sample.
/// What others do on the same core is no part of it.
pub(crate) fn nanoseconds(sample: Duration, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let (mut calls, mut batch) = (0_u32, 1_u32);
    let (started, ran) = (Instant::now(), process::thread_time());
    loop {
        for _ in 0..batch {
            work()?;
        }
        calls += batch;
        let elapsed = started.elapsed();
        if elapsed >= sample {
            return Ok((process::thread_time() - ran) * 1e9 / f64::from(calls));
        }
        // Looking at the clock must not be part of what is measured.
        if elapsed < sample / 50 {
            batch *= 2;
        }
    }
}
