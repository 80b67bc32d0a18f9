//! `check`: everything that would keep the server from starting or hosts from reaching it, found beforehand.

#[cfg(any(feature = "grpc", feature = "mcp"))]
mod address;
mod places;
mod plugins;

use std::time::Duration;

use super::{
    configuration::Configuration,
    settings::{Flags, Transport, sources},
    yaml::findings::Findings,
};
use crate::environment::Environment;

/// How long gateways wait for an answer by default.
const PATIENCE_OF_GATEWAYS: Duration = Duration::from_secs(30);

/// What gateways take in one message of gRPC.
#[cfg(feature = "grpc")]
const REPLY_OF_GRPC: usize = 4 * 1024 * 1024;

/// What is looked at.
pub(crate) struct Subject<'a> {
    pub(crate) configuration: &'a Configuration,
    /// The transports that are meant; all if there is none.
    pub(crate) transports: &'a [Transport],
    pub(crate) flags: &'a Flags,
    pub(crate) environment: &'a Environment,
}

impl Subject<'_> {
    /// Looks at everything. Returns a line for each plugin that works.
    pub(crate) fn look(&self, findings: &mut Findings) -> Result<Vec<String>, String> {
        #[cfg_attr(not(feature = "unix"), expect(unused_mut, reason = "nothing is added"))]
        let mut working = plugins::start(self.configuration, findings)?;
        plugins::entries(self.configuration, findings);
        self.limits(findings);
        #[cfg(feature = "unix")]
        self.late_answers(&mut working, findings);
        let settings = &self.configuration.settings;
        places::look(settings, self.transports, self.environment, findings);
        let file = self.configuration.configuration_file();
        for (place, path) in sources::relative_paths(self.flags, file, self.environment) {
            findings.warnings.push(format!(
                "{place}: {path} is relative, and so depends on the directory that the server is started in: write it from / on"
            ));
        }
        let foreign = sources::foreign_variables(self.environment);
        findings.warnings.extend(foreign);
        Ok(working)
    }

    /// From which timeout on gateways get no late answers on the framed socket.
    #[cfg(feature = "unix")]
    fn late_answers(&self, working: &mut Vec<String>, findings: &mut Findings) {
        let limits = &self.configuration.settings.limits;
        let safe = crate::transport::unix::safe_timeout(limits);
        if safe <= crate::limits::LATE_ANSWER_GUARD {
            if self.transports.contains(&Transport::Unix) {
                working.push(format!(
                    "late_answer_guard: timeouts of gateways are safe from {} s on",
                    safe.as_secs_f64()
                ));
            }
        } else if self.transports.is_empty() || self.transports.contains(&Transport::Unix) {
            findings.warnings.push(format!(
                "late_answer_guard: on a Unix socket, a gateway with a timeout below {} s can take a late answer for that to its \
                 next call: keep unix_socket.timeout and PLUGINS_PLUGIN_TIMEOUT above, or set the guard to the shortest of them \
                 (PLUGINS_LATE_ANSWER_GUARD)",
                safe.as_secs_f64()
            ));
        }
    }

    /// Limits that are well by themselves, and not together with those of gateways.
    fn limits(&self, findings: &mut Findings) {
        let settings = &self.configuration.settings;
        let call_timeout = settings.limits.call_timeout;
        if call_timeout >= PATIENCE_OF_GATEWAYS {
            findings.warnings.push(format!(
                "call_timeout: a hook may take {} s, and gateways wait 30 s for an answer: set a lower one \
                 (PLUGINS_CALL_TIMEOUT), or a longer one in the gateways (PLUGINS_PLUGIN_TIMEOUT, unix_socket.timeout)",
                call_timeout.as_secs_f64()
            ));
        }
        #[cfg(feature = "grpc")]
        if settings.grpc.max_reply_size > REPLY_OF_GRPC {
            findings.warnings.push(
                "grpc_server_settings.max_reply_size: gateways take no answer over 4MiB, and would fail instead of getting a \
                 clear error: set 4MiB or less"
                    .to_owned(),
            );
        }
    }
}
