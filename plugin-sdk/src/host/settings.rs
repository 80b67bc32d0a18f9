//! The bounds that the host half keeps, for all plugins.

use std::time::Duration;

use super::{config::variables::Variables, error::HostError};
use crate::{
    codec::nesting::{JsonLevels, Levels, Nesting},
    environment::SECONDS,
    setters::setters,
};

/// What the host half takes on. Every bound is a setting.
///
/// ```
/// use plugin_sdk::host::HostSettings;
/// use std::time::Duration;
///
/// let settings = HostSettings::default().with_call_timeout(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HostSettings {
    /// How long a call may take with everything that belongs to it, where neither the call nor the plugin's entry says. 30 s.
    pub call_timeout: Duration,
    /// How long connecting may take. 5 s.
    pub connect_timeout: Duration,
    /// How long a process that is started for a plugin may take until it answers. 30 s.
    pub start_timeout: Duration,
    /// The largest message in bytes, in both directions. 16 MiB.
    pub max_message_size: usize,
    /// How many objects may nest in one another on gRPC and Unix sockets, in both directions; a list counts as two thirds of an
    /// object. 33, which is what Python servers can read; at most 100.
    pub max_nesting: u32,
    /// How many levels of objects and lists a payload may have over MCP, in both directions. 128; at most 200.
    pub max_json_nesting: u32,
    /// Connections to the server of one plugin on a Unix socket that knows no envelopes: one carries one call at a time. Further calls
    /// wait. 8.
    pub max_connections: usize,
    /// Calls at one time on a connection that carries several: gRPC, a child process, a Unix socket with envelopes. Further calls wait.
    /// 1024.
    pub max_calls_in_flight: usize,
    /// A connection of gRPC or to a Unix socket that was not used for this long is not used again. 60 s, which is below the 300 s after
    /// which servers close.
    pub idle_timeout: Duration,
    /// While calls of gRPC run and nothing comes from the server for this long, it is asked whether it is still there. 30 s;
    /// Python servers end a connection on which they are asked too often.
    pub keepalive_interval: Duration,
    /// How long the answer to that may take before the connection counts as lost. 20 s.
    pub keepalive_timeout: Duration,
    /// The longest pause before connecting again. 30 s.
    pub max_backoff: Duration,
    /// MCP over HTTP, where one connection carries one call at a time.
    pub http: HttpSettings,
}

/// Connections of MCP over HTTP to the server of one plugin. The hosts' variables are named `PLUGINS_HTTPX_…`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// How many there are at most. Further calls wait. 200, `PLUGINS_HTTPX_MAX_CONNECTIONS`.
    pub max_connections: usize,
    /// How many idle ones are kept. 100, `PLUGINS_HTTPX_MAX_KEEPALIVE_CONNECTIONS`.
    pub max_idle_connections: usize,
    /// How long an idle one is kept; at most 4 s, because the Python server closes it after 5 s. 30 s,
    /// `PLUGINS_HTTPX_KEEPALIVE_EXPIRY`.
    pub keepalive_expiry: Duration,
    /// How long connecting may take, if that is shorter than [`HostSettings::connect_timeout`]. 5 s, `PLUGINS_HTTPX_CONNECT_TIMEOUT`.
    pub connect_timeout: Duration,
    /// A call for which nothing comes for this long is given up, whatever time it has left. 120 s, `PLUGINS_HTTPX_READ_TIMEOUT`.
    pub read_timeout: Duration,
    /// How long a call waits for a connection. 10 s, `PLUGINS_HTTPX_POOL_TIMEOUT`.
    pub pool_timeout: Duration,
}

setters! {
    HostSettings {
        with_call_timeout(call_timeout: Duration);
        with_connect_timeout(connect_timeout: Duration);
        with_start_timeout(start_timeout: Duration);
        with_max_message_size(max_message_size: usize);
        with_max_nesting(max_nesting: u32);
        with_max_json_nesting(max_json_nesting: u32);
        with_max_connections(max_connections: usize);
        with_max_calls_in_flight(max_calls_in_flight: usize);
        with_idle_timeout(idle_timeout: Duration);
        with_keepalive_interval(keepalive_interval: Duration);
        with_keepalive_timeout(keepalive_timeout: Duration);
        with_max_backoff(max_backoff: Duration);
        with_http(http: HttpSettings);
    }
}

setters! {
    HttpSettings {
        with_max_connections(max_connections: usize);
        with_max_idle_connections(max_idle_connections: usize);
        with_keepalive_expiry(keepalive_expiry: Duration);
        with_connect_timeout(connect_timeout: Duration);
        with_read_timeout(read_timeout: Duration);
        with_pool_timeout(pool_timeout: Duration);
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_connections: 200,
            max_idle_connections: 100,
            keepalive_expiry: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(120),
            pool_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            start_timeout: Duration::from_secs(30),
            max_message_size: 16 * 1024 * 1024,
            max_nesting: Levels::DEFAULT_OBJECTS,
            max_json_nesting: JsonLevels::DEFAULT,
            max_connections: 8,
            max_calls_in_flight: 1024,
            idle_timeout: Duration::from_secs(60),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            max_backoff: Duration::from_secs(30),
            http: HttpSettings::default(),
        }
    }
}

impl HostSettings {
    /// The defaults with what the hosts' variables say in their place: `PLUGINS_PLUGIN_TIMEOUT`, and `PLUGINS_HTTPX_*` for MCP
    /// over HTTP.
    ///
    /// # Errors
    ///
    /// [`HostError::Configuration`] when a variable is not what it should be.
    pub fn from_environment() -> Result<Self, HostError> {
        Self::of_variables(&Variables::read())
    }

    pub(crate) fn of_variables(variables: &Variables) -> Result<Self, HostError> {
        let mut settings = Self::default();
        let http = &mut settings.http;
        let mut problems = Vec::new();
        let times = [
            ("PLUGINS_PLUGIN_TIMEOUT", &mut settings.call_timeout),
            ("PLUGINS_HTTPX_KEEPALIVE_EXPIRY", &mut http.keepalive_expiry),
            ("PLUGINS_HTTPX_CONNECT_TIMEOUT", &mut http.connect_timeout),
            ("PLUGINS_HTTPX_READ_TIMEOUT", &mut http.read_timeout),
            ("PLUGINS_HTTPX_POOL_TIMEOUT", &mut http.pool_timeout),
        ];
        for (name, time) in times {
            match variables.number(name, SECONDS) {
                Ok(Some(seconds)) => *time = Duration::from_secs_f64(seconds),
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        let counts = [
            ("PLUGINS_HTTPX_MAX_CONNECTIONS", &mut http.max_connections),
            (
                "PLUGINS_HTTPX_MAX_KEEPALIVE_CONNECTIONS",
                &mut http.max_idle_connections,
            ),
        ];
        for (name, count) in counts {
            match variables.number(name, 1.0..=1_000_000.0) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is in range"
                )]
                Ok(Some(number)) => *count = number as usize,
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(HostError::Configuration { problems })
        }
    }

    pub(crate) fn nesting(&self) -> Nesting {
        Nesting::new(self.max_nesting, self.max_json_nesting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;

    fn of(variables: &[(&str, &str)]) -> Result<HostSettings, HostError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        HostSettings::of_variables(&Variables::new(Environment::new(variables, &[])))
    }

    #[test]
    fn variables_of_the_hosts_are_read() {
        let settings = of(&[
            ("plugins_plugin_timeout", "2.5"),
            ("PLUGINS_HTTPX_MAX_CONNECTIONS", "7"),
        ])
        .unwrap();
        assert_eq!(settings.call_timeout, Duration::from_millis(2500));
        assert_eq!(settings.http.max_connections, 7);
        assert_eq!(
            of(&[("PLUGINS_HTTPX_READ_TIMEOUT", "")]).unwrap(),
            HostSettings::default()
        );
        let error = of(&[
            ("PLUGINS_PLUGIN_TIMEOUT", "soon"),
            ("PLUGINS_HTTPX_MAX_CONNECTIONS", "0"),
        ])
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "PLUGINS_PLUGIN_TIMEOUT: \"soon\" is not a number from 0.001 to 86400\n\
             PLUGINS_HTTPX_MAX_CONNECTIONS: \"0\" is not a number from 1 to 1000000"
        );
    }
}
