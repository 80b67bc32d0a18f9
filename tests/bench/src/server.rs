//! The servers that are measured: processes of their own, pinned to their core.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use plugin_sdk_tests::process::{free_port, without_settings};
use tempfile::TempDir;

use crate::{
    Result,
    floors::Floor,
    measure::{
        affinity::{Placement, on_core},
        process,
    },
};
use clap::ValueEnum;

/// Set for this program when it is to be a plugin, with everything else as the command line of every plugin has it.
pub(crate) const AS_PLUGIN: &str = "PLUGIN_SDK_BENCH_AS_PLUGIN";
/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server listens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Unix,
    Grpc,
    GrpcUnix,
    Http,
}

/// The address of a server.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Socket(PathBuf),
    Port(u16),
}

impl Address {
    pub(crate) fn socket(&self) -> Result<&Path> {
        match self {
            Self::Socket(path) => Ok(path),
            Self::Port(_) => Err("the server has no Unix socket".into()),
        }
    }
}

/// A server process. It is killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: Address,
    pub(crate) transport: Transport,
    /// Where its socket and its files are.
    directory: TempDir,
    pub(crate) started: Instant,
}

impl Server {
    /// Our plugins, as authors ship theirs.
    pub(crate) fn ours(transport: Transport) -> Result<Self> {
        Self::start(transport, |address, _| {
            let mut command = Command::new(std::env::current_exe()?);
            without_settings(&mut command).env(AS_PLUGIN, "1");
            listening(&mut command, transport, address);
            // The rows with many connections; it costs nothing where there are few.
            command.env("PLUGINS_MAX_CONNECTIONS", "20000");
            Ok(command)
        })
    }

    /// Our plugins on all transports that listen, in one process; the address is that of the Unix socket.
    pub(crate) fn ours_on_everything() -> Result<Self> {
        Self::start(Transport::Unix, |address, _| {
            let mut command = Command::new(std::env::current_exe()?);
            without_settings(&mut command).env(AS_PLUGIN, "1");
            for transport in [Transport::Grpc, Transport::Http] {
                listening(&mut command, transport, &Address::Port(free_port()?));
            }
            listening(&mut command, Transport::Unix, address);
            command.env("PLUGINS_TRANSPORT", "unix,grpc,http");
            Ok(command)
        })
    }

    /// A floor that gives `answer` to everything.
    pub(crate) fn floor(floor: Floor, transport: Transport, answer: &[u8]) -> Result<Self> {
        Self::start(transport, |address, directory| {
            let file = directory.join("answer");
            std::fs::write(&file, answer)?;
            let name = floor.to_possible_value().ok_or("a floor without a name")?;
            let mut command = Command::new(std::env::current_exe()?);
            command
                .args(["serve-floor", name.get_name(), "--answer"])
                .arg(file);
            match address {
                Address::Socket(path) => command.arg("--socket").arg(path),
                Address::Port(port) => command.args(["--port", &port.to_string()]),
            };
            Ok(command)
        })
    }

    /// Starts the command that `command` makes for an address and a directory, on the core of servers.
    pub(crate) fn start(
        transport: Transport,
        command: impl FnOnce(&Address, &Path) -> Result<Command>,
    ) -> Result<Self> {
        // The path of a socket has little room, and the temporary directory of a system may be deep.
        let directory = tempfile::Builder::new().prefix("bench-").tempdir_in("/tmp")?;
        let address = match transport {
            Transport::Unix | Transport::GrpcUnix => Address::Socket(directory.path().join("s")),
            Transport::Grpc | Transport::Http => Address::Port(free_port()?),
        };
        let log = std::fs::File::create(directory.path().join("log"))?;
        let mut command = command(&address, directory.path())?;
        command
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let started = Instant::now();
        let child = on_core(Placement::SERVER, || Ok(command.spawn()?))?;
        Ok(Self {
            child,
            address,
            transport,
            directory,
            started,
        })
    }

    /// Tries until the server does as it should: it may not listen yet.
    pub(crate) fn wait<T>(&mut self, mut first_call: impl FnMut(&Address) -> Result<T>) -> Result<T> {
        loop {
            let error = match first_call(&self.address) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let ended = self.child.try_wait()?;
            if ended.is_some() || self.started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                let tail: String = log.lines().rev().take(12).collect::<Vec<_>>().join("\n");
                return Err(format!(
                    "the server does not answer: {error}; its log, last line first:\n{tail}"
                )
                .into());
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Seconds that it has run on a processor.
    pub(crate) fn processor_time(&self) -> Result<f64> {
        Ok(process::processor_time(self.id())?.as_secs_f64())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The settings that make a server listen, ours or one in Python.
pub(crate) fn listening(command: &mut Command, transport: Transport, address: &Address) {
    let (name, prefix) = match transport {
        Transport::Unix => ("unix", "PLUGINS_UNIX_SOCKET_"),
        Transport::Grpc | Transport::GrpcUnix => ("grpc", "PLUGINS_GRPC_SERVER_"),
        Transport::Http => ("http", "PLUGINS_SERVER_"),
    };
    command
        .env("PLUGINS_TRANSPORT", name)
        .env("PLUGINS_LOG_LEVEL", "WARNING");
    match (transport, address) {
        (Transport::Unix, Address::Socket(path)) => command.env(format!("{prefix}PATH"), path),
        (_, Address::Socket(path)) => command.env(format!("{prefix}UDS"), path),
        (_, Address::Port(port)) => command
            .env(format!("{prefix}HOST"), "127.0.0.1")
            .env(format!("{prefix}PORT"), port.to_string()),
    };
}
