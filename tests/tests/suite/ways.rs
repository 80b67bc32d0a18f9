//! One server of `fault-plugin` per transport, each on a Unix socket at the same place, and the host's way to it.

use std::process::Command;

use plugin_sdk::host::{CallError, CallOptions, ExternalPlugin, HostSettings};
use plugin_sdk_tests::process::ServerProcess;
use serde_json::{Value as Json, json};

use crate::{
    frames::CONFIGURATION,
    host::{call_with, entry_with},
};

/// A transport that has a socket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// The variable of the socket's path.
    socket: &'static str,
}

pub(crate) const WAYS: [Way; 3] = [
    Way {
        name: "unix",
        socket: "PLUGINS_UNIX_SOCKET_PATH",
    },
    Way {
        name: "grpc",
        socket: "PLUGINS_GRPC_SERVER_UDS",
    },
    Way {
        name: "http",
        socket: "PLUGINS_SERVER_UDS",
    },
];

impl Way {
    /// A server whose command is changed before it starts.
    pub(crate) fn start(self, change: impl FnOnce(&mut Command)) -> ServerProcess {
        let program = env!("CARGO_BIN_EXE_fault-plugin");
        ServerProcess::start_with(program, CONFIGURATION, |command| {
            command
                .env("PLUGINS_TRANSPORT", self.name)
                // A relative path belongs to the directory of the server.
                .env(self.socket, "plugin.sock");
            change(command);
        })
        .unwrap()
    }

    pub(crate) fn start_with(self, variables: &[(&str, &str)]) -> ServerProcess {
        self.start(|command| {
            command.envs(variables.iter().copied());
        })
    }

    /// The section of a gateway's entry for the server.
    pub(crate) fn section(self, server: &ServerProcess) -> Json {
        let path = server.socket();
        match self.name {
            "unix" => json!({"unix_socket": {"path": path, "reconnect_attempts": 0}}),
            "grpc" => json!({"grpc": {"uds": path}}),
            _ => json!({"mcp": {"proto": "STREAMABLEHTTP", "url": "http://localhost/mcp", "uds": path}}),
        }
    }

    pub(crate) async fn connect(self, server: &ServerProcess) -> ExternalPlugin {
        let mut settings = HostSettings::default();
        settings.max_message_size = 64 * 1024 * 1024;
        let entry = entry_with("Faults", &self.section(server));
        ExternalPlugin::connect(entry, &settings)
            .await
            .unwrap_or_else(|error| panic!("{self:?}: {error}\n{}", server.log()))
    }
}

/// The code of the error that a call is answered with; empty for a result.
pub(crate) async fn code_of(plugin: &ExternalPlugin, name: &str, args: Json) -> String {
    match call_with(plugin, name, args, CallOptions::new()).await {
        Ok(_) => String::new(),
        Err(CallError::Plugin(error)) => error.code.clone(),
        Err(error) => panic!("{name}: {error}"),
    }
}
