//! Servers that can be killed and come back where they were.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use plugin_sdk_tests::process::without_settings;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::real_host::{CURRENT, GATEWAY_1_0_0, host_directory};

const PATIENCE: Duration = Duration::from_secs(60);

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::host) enum Program {
    Ours,
    Python,
    /// The same with the instances of the probe.
    PythonProbe,
    /// The framework of the last gateway that has it in its own tree.
    OlderPython,
}

pub(in crate::host) struct Server {
    program: Program,
    python: Option<PathBuf>,
    module: &'static str,
    directory: TempDir,
    variables: Vec<(String, String)>,
    place: Place,
    section: Json,
    child: Option<Child>,
}

enum Place {
    Port(u16),
    Socket(PathBuf),
    /// The host starts it; its process id is in this file.
    Child(PathBuf),
}

const UNIX: &str = "cpex.framework.external.unix.server.runtime";
const GRPC: &str = "cpex.framework.external.grpc.server.runtime";
const MCP: &str = "cpex.framework.external.mcp.server.runtime";

pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Server {
    /// A server that is not started yet. None when the tests with Python are left out.
    fn new(program: Program, module: &'static str, place: impl FnOnce(&Path) -> Place) -> Option<Self> {
        let python = match program {
            Program::Ours => None,
            Program::OlderPython => Some(GATEWAY_1_0_0.python("an older server").unwrap()?),
            Program::Python | Program::PythonProbe => Some(CURRENT.python("a server").unwrap()?),
        };
        let directory = tempfile::Builder::new()
            .prefix("plugin-")
            .tempdir_in("/tmp")
            .unwrap();
        let faults =
            |entry: Json| json!({"plugins": [entry], "plugin_dirs": [], "plugin_settings": {}}).to_string();
        let configuration = match program {
            Program::Ours => faults(json!({"name": "Faults", "kind": "faults"})),
            Program::Python | Program::OlderPython => faults(
                json!({"name": "Faults", "kind": "python_faults.Faults", "hooks": ["tool_pre_invoke"]}),
            ),
            Program::PythonProbe => {
                let file = fs::read_to_string(host_directory().join("probe.yaml")).unwrap();
                file.replace("kind: probe\n", "kind: python_probe.Probe\n")
            }
        };
        fs::write(directory.path().join("plugins.yaml"), configuration).unwrap();
        let place = place(directory.path());
        Some(Self {
            program,
            python,
            module,
            directory,
            variables: Vec::new(),
            place,
            section: Json::Null,
            child: None,
        })
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    fn started(mut self, section: Json) -> Self {
        self.section = section;
        self.restart();
        self
    }

    pub(in crate::host) fn unix(program: Program) -> Option<Self> {
        let server = Self::new(program, UNIX, |directory| Place::Socket(directory.join("p.sock")))?;
        let path = server.socket();
        let server = server
            .with("PLUGINS_TRANSPORT", "unix")
            .with("UNIX_SOCKET_PATH", &path);
        Some(server.started(json!({"unix_socket": {"path": path}})))
    }

    pub(in crate::host) fn grpc_tcp(program: Program) -> Option<Self> {
        Self::grpc_tcp_with(program, &[])
            .map(|(server, port)| server.started(json!({"grpc": {"target": format!("127.0.0.1:{port}")}})))
    }

    /// With settings; the section is the caller's.
    pub(super) fn grpc_tcp_with(program: Program, settings: &[(&str, &str)]) -> Option<(Self, u16)> {
        let port = free_port();
        let server = Self::new(program, GRPC, |_| Place::Port(port))?;
        let server = server
            .with("PLUGINS_TRANSPORT", "grpc")
            .with("PLUGINS_GRPC_SERVER_HOST", "127.0.0.1")
            .with("PLUGINS_GRPC_SERVER_PORT", port.to_string());
        let server = settings
            .iter()
            .fold(server, |server, (name, value)| server.with(name, *value));
        Some((server, port))
    }

    pub(in crate::host) fn grpc_socket(program: Program) -> Option<Self> {
        let server = Self::new(program, GRPC, |directory| Place::Socket(directory.join("p.sock")))?;
        let path = server.socket();
        let server = server
            .with("PLUGINS_TRANSPORT", "grpc")
            .with("PLUGINS_GRPC_SERVER_UDS", &path);
        Some(server.started(json!({"grpc": {"uds": path}})))
    }

    pub(in crate::host) fn http_tcp(program: Program, settings: &[(&str, &str)]) -> Option<Self> {
        let (server, port) = Self::http_tcp_with(program, settings)?;
        Some(server.started(json!({
            "mcp": {"proto": "STREAMABLEHTTP", "url": format!("http://localhost:{port}/mcp")}
        })))
    }

    /// With settings; the section is the caller's.
    pub(super) fn http_tcp_with(program: Program, settings: &[(&str, &str)]) -> Option<(Self, u16)> {
        let port = free_port();
        let server = Self::new(program, MCP, |_| Place::Port(port))?
            .with("PLUGINS_TRANSPORT", "http")
            .with("PLUGINS_SERVER_HOST", "127.0.0.1")
            .with("PLUGINS_SERVER_PORT", port.to_string());
        let server = settings
            .iter()
            .fold(server, |server, (name, value)| server.with(name, *value));
        Some((server, port))
    }

    pub(in crate::host) fn http_socket(program: Program) -> Option<Self> {
        let server = Self::new(program, MCP, |directory| Place::Socket(directory.join("p.sock")))?;
        let path = server.socket();
        let server = server
            .with("PLUGINS_TRANSPORT", "http")
            .with("PLUGINS_SERVER_UDS", &path);
        Some(server.started(json!({
            "mcp": {"proto": "STREAMABLEHTTP", "url": "http://localhost/mcp", "uds": path}
        })))
    }

    pub(in crate::host) fn stdio(program: Program) -> Option<Self> {
        let mut server = Self::new(program, MCP, |directory| Place::Child(directory.join("pid")))?;
        let command = match &server.python {
            None => env!("CARGO_BIN_EXE_fault-plugin").to_owned(),
            Some(python) => format!("{} -m {MCP}", python.display()),
        };
        let directory = server.directory.path();
        server.section = json!({
            "mcp": {
                "proto": "STDIO",
                // The shell becomes the server.
                "cmd": ["sh", "-c", format!("echo $$ > pid; exec {command} 2> log")],
                "env": {
                    "PYTHONPATH": host_directory(),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "PLUGINS_CONFIG_PATH": directory.join("plugins.yaml"),
                },
                "cwd": directory,
            }
        });
        Some(server)
    }

    /// The process that the host started.
    pub(super) fn child(&self) -> Option<String> {
        let Place::Child(path) = &self.place else {
            return None;
        };
        Some(fs::read_to_string(path).unwrap().trim().to_owned())
    }

    fn socket(&self) -> String {
        match &self.place {
            Place::Socket(path) => path.display().to_string(),
            Place::Port(_) | Place::Child(_) => panic!("it has no socket"),
        }
    }

    pub(in crate::host) fn section(&self) -> &Json {
        &self.section
    }

    pub(super) fn start(self) -> Self {
        self.started(Json::Null)
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Whether the host starts it.
    pub(super) fn starts_by_itself(&self) -> bool {
        matches!(self.place, Place::Child(_))
    }

    /// The one in Python on a Unix socket, which loses the details of errors, and goes on with a call that nobody waits for.
    pub(super) fn is_python_on_unix(&self) -> bool {
        self.python.is_some() && self.module == UNIX
    }

    pub(super) fn is_over_http(&self) -> bool {
        self.module == MCP && !self.starts_by_itself()
    }

    /// Whether it is one of this repository, on an address of its own.
    pub(super) fn is_ours(&self) -> bool {
        self.program == Program::Ours && !self.starts_by_itself()
    }

    /// Tells it to stop, and waits until it has.
    pub(super) async fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(told.success());
        let ended = tokio::task::spawn_blocking(move || child.wait()).await.unwrap();
        assert!(ended.unwrap().success(), "{}", self.log());
    }

    pub(super) fn kill(&mut self) {
        if let Some(child) = self.child() {
            let killed = Command::new("kill").args(["-9", &child]).status().unwrap();
            assert!(killed.success(), "{child} runs no more");
        }
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(super) fn restart(&mut self) {
        if self.starts_by_itself() {
            return;
        }
        self.kill();
        let mut command = match &self.python {
            None => Command::new(env!("CARGO_BIN_EXE_fault-plugin")),
            Some(python) => {
                let mut command = Command::new(python);
                let module = match self.program {
                    Program::OlderPython => self.module.replace("cpex", "mcpgateway.plugins"),
                    _ => self.module.to_owned(),
                };
                command.args(["-m", &module]);
                command
            }
        };
        if self.python.is_some()
            && let Place::Socket(path) = &self.place
        {
            // A server that was killed leaves its socket behind; that in Python is not to be tested here.
            let _ = fs::remove_file(path);
        }
        let log = fs::File::create(self.directory.path().join("log")).unwrap();
        without_settings(&mut command)
            .current_dir(self.directory.path())
            .env("PYTHONPATH", host_directory())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PLUGINS_CONFIG_PATH", self.directory.path().join("plugins.yaml"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.child = Some(command.spawn().unwrap());
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let listens = match &self.place {
                Place::Port(port) => TcpStream::connect(("127.0.0.1", *port)).is_ok(),
                Place::Socket(path) => UnixStream::connect(path).is_ok(),
                Place::Child(_) => true,
            };
            if listens {
                return;
            }
            let ended = self
                .child
                .as_mut()
                .is_some_and(|child| child.try_wait().unwrap().is_some());
            assert!(
                !ended && Instant::now() < deadline,
                "the server does not listen:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.starts_by_itself() {
            self.kill();
        }
    }
}
