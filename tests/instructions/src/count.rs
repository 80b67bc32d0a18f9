//! How many instructions a call takes: the same on a busy machine as on a quiet one, and in one process nearly as in another.

use std::{process::Command, thread};

use crate::{Result, subjects::Subject};

/// The compiler that this program was built with, on which counts depend.
pub fn compiler() -> &'static str {
    env!("PLUGIN_SDK_INSTRUCTIONS_COMPILER")
}

/// Processes differ by up to 6 %, since each has other hash seeds and addresses; of so many the median is taken.
const ROUNDS: usize = 5;

/// Instructions of one call.
pub fn count(subject: &Subject) -> Result<f64> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    thread::scope(|scope| -> Result<()> {
        // The counts do not depend on what else the machine does.
        let counting =
            [(); ROUNDS].map(|()| scope.spawn(|| count_once(subject).map_err(|error| error.to_string())));
        for round in counting {
            rounds.push(round.join().map_err(|_| "a round of counting panicked")??);
        }
        Ok(())
    })?;
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[ROUNDS / 2])
}

/// The difference of two numbers of calls, in which what is not a call cancels out.
fn count_once(subject: &Subject) -> Result<f64> {
    let few = collected(subject, subject.calls / 10)?;
    let many = collected(subject, subject.calls + subject.calls / 10)?;
    Ok((many - few) / f64::from(subject.calls))
}

/// Instructions of a process of this program that makes so many calls.
fn collected(subject: &Subject, calls: u32) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["repeat", subject.name, &calls.to_string()]);
    let output = command.output().map_err(|error| {
        format!("valgrind can't be run: {error}; install it (Debian: apt-get install valgrind)")
    })?;
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report.lines().find_map(|line| {
        line.split_once("Collected :")?
            .1
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    });
    match collected {
        Some(collected) if output.status.success() => Ok(collected),
        _ => Err(format!(
            "{command:?} ended with {} and counted nothing:\n{report}",
            output.status
        )
        .into()),
    }
}
