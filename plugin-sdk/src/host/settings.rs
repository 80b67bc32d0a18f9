//! The bounds that the host half keeps, for all plugins.

use std::time::Duration;

use crate::codec::nesting::Levels;

/// What the host half takes on. Every bound is a setting.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HostSettings {
    /// How long a call may take with everything that belongs to it, where neither the call nor the plugin's entry says. 30 s.
    pub call_timeout: Duration,
    /// How long connecting may take. 5 s.
    pub connect_timeout: Duration,
    /// The largest message in bytes, in both directions. 16 MiB.
    pub max_message_size: usize,
    /// How many objects may nest in one another, in both directions; a list counts as two thirds of an object. 33, which is
    /// what Python servers can read; at most 100.
    pub max_nesting: u32,
    /// Connections to the server of one plugin, where one connection carries one call at a time. Further calls wait. 8.
    pub max_connections: usize,
    /// Calls at one time on a connection that carries several. Further calls wait. 1024.
    pub max_calls_in_flight: usize,
    /// A connection that was not used for this long is not used again. 60 s, which is below the 300 s after which servers close.
    pub idle_timeout: Duration,
    /// The longest pause before connecting again. 30 s.
    pub max_backoff: Duration,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            max_message_size: 16 * 1024 * 1024,
            max_nesting: 33,
            max_connections: 8,
            max_calls_in_flight: 1024,
            idle_timeout: Duration::from_secs(60),
            max_backoff: Duration::from_secs(30),
        }
    }
}

impl HostSettings {
    pub(crate) fn levels(&self) -> Levels {
        Levels::of_objects(self.max_nesting)
    }
}
