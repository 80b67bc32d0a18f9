//! The bounds that every transport keeps.

use std::time::Duration;

use crate::{
    codec::nesting::{JsonLevels, Levels, Nesting},
    setters::setters,
};

/// The bounds of a server: sizes, depths, counts and times. Each is a setting. Beyond one, the caller gets an error or its
/// connection is closed, and the log has a line about it.
///
/// ```
/// use plugin_sdk::Limits;
/// use std::time::Duration;
///
/// let limits = Limits::default()
///     .with_call_timeout(Duration::from_secs(5))
///     .with_max_message_size(1024 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest message in bytes, in both directions. 16 MiB, which is what Python hosts take on a Unix socket.
    pub max_message_size: usize,
    /// How many objects may nest in one another on gRPC and Unix sockets, in both directions; a list counts as two thirds of an
    /// object. 33, which is what Python hosts can read; at most 100.
    pub max_nesting: u32,
    /// How many levels of objects and lists a payload may have over MCP and in the same process, in both directions. 128; at
    /// most 200.
    pub max_json_nesting: u32,
    /// How long a call may take before its caller gets an error. 25 s, to be below the 30 s after which hosts give up.
    pub call_timeout: Duration,
    /// The shortest timeout of a host that a late answer is guarded against, on a Unix socket of framed protobuf: a host with
    /// this timeout or a longer one never takes an answer that it gave up on for that to its next call. Answers that take more
    /// than half of it have 256 KiB of padding in front. `None` switches it off. 100 ms.
    pub late_answer_guard: Option<Duration>,
    /// Connections at one time, or calls on standard input; further connections are closed on a Unix socket of framed protobuf,
    /// and wait elsewhere. 1024.
    pub max_connections: usize,
    /// Calls at one time on one connection of a Unix socket that carries several; further ones are refused. 1024.
    pub max_calls_in_flight: usize,
    /// After this time without a complete request a connection is closed, however many bytes of one arrive. 300 s. gRPC keeps it
    /// open for as long as its client gives signs of life.
    pub idle_timeout: Duration,
    /// After this time without progress of an answer that the client does not read, its connection is closed. 30 s.
    pub write_timeout: Duration,
    /// How long stopping takes at most: the calls that still run, and then the shutdown of all plugins, for which a tenth of the
    /// time is kept (at most 0.5 s). 5 s.
    pub drain_timeout: Duration,
    /// Threads for hooks that block, declared or seen to. 512.
    pub blocking_threads: usize,
    /// Calls of hooks that block which run or wait for a thread at one time; further ones get the error `TOO_MANY_CALLS`. 512.
    pub max_blocking_calls: usize,
}

setters! {
    Limits {
        with_max_message_size(max_message_size: usize);
        with_max_nesting(max_nesting: u32);
        with_max_json_nesting(max_json_nesting: u32);
        with_call_timeout(call_timeout: Duration);
        with_late_answer_guard(late_answer_guard: Option<Duration>);
        with_max_connections(max_connections: usize);
        with_max_calls_in_flight(max_calls_in_flight: usize);
        with_idle_timeout(idle_timeout: Duration);
        with_write_timeout(write_timeout: Duration);
        with_drain_timeout(drain_timeout: Duration);
        with_blocking_threads(blocking_threads: usize);
        with_max_blocking_calls(max_blocking_calls: usize);
    }
}

/// The default of [`Limits::late_answer_guard`].
pub(crate) const LATE_ANSWER_GUARD: Duration = Duration::from_millis(100);

impl Limits {
    /// The time for stopping, as one that can be added to any moment.
    pub(crate) fn time_to_stop(&self) -> Duration {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        self.drain_timeout.min(YEAR)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_size: 16 * 1024 * 1024,
            max_nesting: Levels::DEFAULT_OBJECTS,
            max_json_nesting: JsonLevels::DEFAULT,
            call_timeout: Duration::from_secs(25),
            late_answer_guard: Some(LATE_ANSWER_GUARD),
            max_connections: 1024,
            max_calls_in_flight: 1024,
            idle_timeout: Duration::from_secs(300),
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(5),
            blocking_threads: 512,
            max_blocking_calls: 512,
        }
    }
}

impl Limits {
    pub(crate) fn nesting(&self) -> Nesting {
        Nesting::new(self.max_nesting, self.max_json_nesting)
    }
}
