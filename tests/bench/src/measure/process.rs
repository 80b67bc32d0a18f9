//! What the system says about a process: its processor time and its memory.

use std::{fs, time::Duration};

use rustix::time::{ClockId, clock_gettime};

use crate::Result;

/// How long the threads of a process that still run have run on a processor. The clock ticks of `/proc/PID/stat` would be too coarse.
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end while we look.
        let Ok(statistics) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        let on_processor = statistics.split_whitespace().next().unwrap_or_default();
        nanoseconds += on_processor.parse::<u64>().unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Seconds that this thread has run on a processor.
pub(crate) fn thread_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Resident memory in bytes.
pub(crate) fn resident(process: u32) -> Result<f64> {
    status(process, "VmRSS:")
}

/// The most resident memory that there ever was, in bytes.
pub(crate) fn peak(process: u32) -> Result<f64> {
    status(process, "VmHWM:")
}

fn status(process: u32, key: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kibibytes: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|value| value.trim().strip_suffix(" kB")?.trim().parse().ok())
        .ok_or_else(|| format!("/proc/{process}/status has no {key}"))?;
    Ok(kibibytes * 1024.0)
}
