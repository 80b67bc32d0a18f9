//! Server processes that a test starts, waits for and never leaves behind.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::frames::FrameClient;

/// How long a server may take to get ready or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A plugin server on a Unix socket in a directory of its own. It is killed when dropped.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    directory: TempDir,
    socket: PathBuf,
}

impl ServerProcess {
    /// Starts `program` with the text of a configuration file, and waits until it says that it is ready.
    ///
    /// # Errors
    ///
    /// When it does not get ready; the message has what it logged.
    pub fn start(program: &str, configuration: &str) -> io::Result<Self> {
        Self::start_with(program, configuration, |_| {})
    }

    /// As [`start`](Self::start), after `change` has changed the command: its arguments, its variables.
    ///
    /// # Errors
    ///
    /// When it does not get ready; the message has what it logged.
    pub fn start_with(
        program: &str,
        configuration: &str,
        change: impl FnOnce(&mut Command),
    ) -> io::Result<Self> {
        // The path of a socket has little room, and the temporary directory of a system may be deep.
        let directory = tempfile::Builder::new().prefix("plugin-").tempdir_in("/tmp")?;
        let configuration_file = directory.path().join("plugins.yaml");
        fs::write(&configuration_file, configuration)?;
        let socket = directory.path().join("plugin.sock");
        let log = fs::File::create(directory.path().join("log"))?;

        let mut command = Command::new(program);
        without_settings(&mut command)
            .env("PLUGINS_TRANSPORT", "unix")
            .env("PLUGINS_CONFIG_PATH", &configuration_file)
            .env("PLUGINS_UNIX_SOCKET_PATH", &socket)
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        change(&mut command);
        let mut server = Self {
            child: command.spawn()?,
            directory,
            socket,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// The path of the socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The path of the configuration file.
    pub fn configuration(&self) -> PathBuf {
        self.directory.path().join("plugins.yaml")
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the server logged so far.
    pub fn log(&self) -> String {
        // A thread of the server writes it, a moment after what it is about.
        thread::sleep(Duration::from_millis(50));
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Whether the server logs this text so many times, in the time that it may take.
    pub fn logs(&self, text: &str, times: usize) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while self.log().matches(text).count() < times {
            if Instant::now() >= deadline {
                return false;
            }
        }
        true
    }

    /// A new connection to the server.
    ///
    /// # Errors
    ///
    /// When the server does not accept one.
    pub fn connect(&self) -> io::Result<FrameClient> {
        FrameClient::connect(&self.socket)
    }

    /// Waits for the process to end by itself, or because a test ended it.
    ///
    /// # Errors
    ///
    /// When it does not end in time.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        wait(&mut self.child, PATIENCE)?.ok_or_else(|| self.complaint("the server did not end in time"))
    }

    fn wait_until_ready(&mut self) -> io::Result<()> {
        let Some(mut output) = self.child.stdout.take() else {
            return Err(self.complaint("the server has no standard output"));
        };
        let (sender, receiver) = mpsc::channel();
        // Ends with the process, whose output it reads to the end so that the server never waits for a reader.
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(&mut output).read_line(&mut line);
            // A receiver that has given up needs no line.
            let _ = sender.send(read.map(|_| line));
            let _ = io::copy(&mut output.by_ref(), &mut io::sink());
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(Ok(line)) if line == "READY\n" => Ok(()),
            Ok(Ok(line)) => Err(self.complaint(&format!("the server said {line:?} instead of READY"))),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.complaint("the server did not say READY in time")),
        }
    }

    fn complaint(&self, what: &str) -> io::Error {
        io::Error::other(format!("{what}; its log:\n{}", self.log()))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
///
/// # Errors
///
/// When the system has none.
pub fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.local_addr().map(|address| address.port())
}

/// Keeps the settings of whoever runs the tests away from a server.
pub fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let capitals = name.to_string_lossy().to_uppercase();
        if capitals.starts_with("PLUGINS_") || capitals == "UNIX_SOCKET_PATH" {
            command.env_remove(name);
        }
    }
    command
}

/// Keeps what cargo says of the running test's package away from another cargo: build scripts that look at it would run again, and
/// what depends on them would be built again, in each of the two in turn.
pub fn without_package(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Waits for a process to end; `None` when it still runs after `patience`.
///
/// # Errors
///
/// When the system does not say.
pub fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(10));
    }
}
