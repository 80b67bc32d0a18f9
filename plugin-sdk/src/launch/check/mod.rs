//! `check`: everything that would keep the server from starting or hosts from reaching it, found beforehand.

#[cfg(any(feature = "grpc", feature = "mcp"))]
mod address;
mod places;
mod plugins;

use std::time::Duration;

use super::{
    cli::{Flags, Transport},
    configuration::Configuration,
    settings::sources,
    yaml::findings::Findings,
};
use crate::environment::Environment;

/// How long gateways wait for an answer, if nobody tells them otherwise.
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
        let working = plugins::start(self.configuration, findings)?;
        plugins::entries(self.configuration, findings);
        self.limits(findings);
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
