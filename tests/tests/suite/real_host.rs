//! The Python framework, unmodified, as the host of our servers. The drivers are in `tests/host`.
//!
//! Each test runs one driver, which starts servers of its own and prints a line per group of cases. Each version of the
//! framework is installed once into a virtual environment of its own below the target directory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use plugin_sdk_tests::{installation::python_environment, process};

use crate::certificates::Certificates;
use crate::installation::{self, Failed, output};

/// Leaves the suite out when set to something.
pub(crate) const SKIP: &str = "PLUGIN_SDK_SKIP_HOST";

const DRIVER_PATIENCE: Duration = Duration::from_secs(240);

/// As long as the measurement of all late answers may take.
const MEASURE_PATIENCE: Duration = Duration::from_secs(3600);

#[test]
fn every_hook_answers_as_the_model_says() -> Result<(), Failed> {
    drive("drive_model.py")
}

#[test]
fn the_plugin_manager_gets_what_a_gateway_needs() -> Result<(), Failed> {
    drive("drive_manager.py")
}

#[test]
fn look_ups_sizes_timeouts_and_restarts() -> Result<(), Failed> {
    drive("drive_limits.py")
}

#[test]
fn no_caller_receives_the_answer_of_another() -> Result<(), Failed> {
    drive("drive_desync.py")
}

#[test]
fn no_caller_of_the_framed_socket_receives_a_late_answer() -> Result<(), Failed> {
    late_answers(&CURRENT)
}

#[test]
fn no_caller_of_an_older_client_receives_a_late_answer() -> Result<(), Failed> {
    late_answers(&CPEX_0_1_3)
}

/// Has every timeout, hook, deadline, pause and manner of giving up measured, with 500 calls each. It takes half an hour.
const LATE_ANSWERS_IN_FULL: &str = "PLUGIN_SDK_LATE_ANSWERS_IN_FULL";

fn late_answers(host: &Host) -> Result<(), Failed> {
    if std::env::var_os(LATE_ANSWERS_IN_FULL).is_some() {
        host.run_within(MEASURE_PATIENCE, "measure_late_answers.py", |_| {})
    } else {
        host.run("drive_late_answers.py", |_| {})
    }
    .map(drop)
}

#[test]
fn a_cancelled_call_leaves_no_answer_behind() -> Result<(), Failed> {
    drive("drive_cancelled.py")
}

#[test]
fn plugins_of_the_framework_s_own_tests() -> Result<(), Failed> {
    drive("drive_compat.py")
}

#[test]
fn an_older_host_gets_the_same_answers() -> Result<(), Failed> {
    GATEWAY_1_0_0.run("drive_older_host.py", |_| {}).map(drop)
}

/// The newest version, cpex 0.1.4 with the second generation of its MCP library.
pub(crate) static CURRENT: Host = Host::new("host", "requirements.txt", &[]);
/// The version before, cpex 0.1.3 with the first.
pub(crate) static CPEX_0_1_3: Host = Host::new("host-0.1.3", "requirements-0.1.3.txt", &[]);
/// The last gateway that has the framework in its own tree, under the package `mcpgateway.plugins`. Without its dependencies, which
/// are those of a whole gateway, and on any Python that its framework runs on.
pub(crate) static GATEWAY_1_0_0: Host = Host::new(
    "host-1.0.0",
    "requirements-1.0.0.txt",
    &["--no-deps", "--ignore-requires-python"],
);

/// A published version of the framework.
pub(crate) struct Host {
    /// Where its virtual environment is, below the target directory.
    name: &'static str,
    /// What is installed there: a file of `tests/host`.
    requirements: &'static str,
    /// What else pip is told.
    arguments: &'static [&'static str],
    /// The Python of the environment, once it is there.
    python: OnceLock<Result<PathBuf, String>>,
}

fn drive(driver: &str) -> Result<(), Failed> {
    CURRENT.run(driver, |_| {}).map(drop)
}

impl Host {
    const fn new(name: &'static str, requirements: &'static str, arguments: &'static [&'static str]) -> Self {
        Self {
            name,
            requirements,
            arguments,
            python: OnceLock::new(),
        }
    }

    /// Runs one driver on one binding other than the framed socket.
    pub(crate) fn drive(&self, driver: &str, transport: &str) -> Result<(), Failed> {
        let certificates = Certificates::make();
        let ran = self.run(driver, |command| {
            command
                .env("PROBE_TRANSPORT", transport)
                .env("PROBE_CERTIFICATES", certificates.directory())
                // An HTTP client of Python reads all authorities of the system, 50 ms for each of hundreds of clients, unless it is told of
                // others: here of one that signed nothing.
                .env(
                    "SSL_CERT_FILE",
                    certificates.directory().join("other-authority.pem"),
                );
            // The framed socket and gRPC have thousands of cases and of late answers. Where else the same codec is in question, every
            // binding has fewer, and its own.
            if transport != "grpc" {
                for (variable, number) in [("HOST_CASES_PER_HOOK", "60"), ("HOST_LATE_CALLS", "250")] {
                    if std::env::var_os(variable).is_none() {
                        command.env(variable, number);
                    }
                }
            }
        });
        ran.map(drop)
    }

    /// Runs a program of `tests/host` in the environment that has the framework, after `change` has changed the command.
    /// False when it was left out.
    pub(crate) fn run(&self, driver: &str, change: impl FnOnce(&mut Command)) -> Result<bool, Failed> {
        self.run_within(DRIVER_PATIENCE, driver, change)
    }

    fn run_within(
        &self,
        patience: Duration,
        driver: &str,
        change: impl FnOnce(&mut Command),
    ) -> Result<bool, Failed> {
        if installation::left_out(&format!("{driver} with the real host"), SKIP)? {
            return Ok(false);
        }
        let python = self.python.get_or_init(|| self.install()).clone();
        let report = python.and_then(|python| {
            let mut command = Command::new(python);
            process::without_settings(&mut command)
                .arg(host_directory().join(driver))
                .env("PROBE_PLUGIN", env!("CARGO_BIN_EXE_probe-plugin"))
                .env("COMPAT_PLUGINS", env!("CARGO_BIN_EXE_compat-plugins"))
                .env("FAULT_PLUGIN", env!("CARGO_BIN_EXE_fault-plugin"))
                .env("PYTHONDONTWRITEBYTECODE", "1");
            change(&mut command);
            output(&mut command, patience)
        });
        match report {
            Ok(report) => println!("{driver} with {}\n{report}", self.name),
            Err(report) => {
                println!("{driver} with {}\n{report}", self.name);
                return Err(Failed);
            }
        }
        Ok(true)
    }

    /// What a program of `tests/host` writes, other than a driver, which reports; `None` when it was left out.
    pub(crate) fn written_by(&self, program: &str, arguments: &[&str]) -> Result<Option<String>, Failed> {
        let Some(python) = self.python(program)? else {
            return Ok(None);
        };
        let mut command = Command::new(python);
        process::without_settings(&mut command)
            .arg(host_directory().join(program))
            .args(arguments)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        output(&mut command, DRIVER_PATIENCE).map(Some).map_err(|report| {
            println!("{program}\n{report}");
            Failed
        })
    }

    /// The Python of the environment that has the framework, for a server; `None` when `what` is left out.
    pub(crate) fn python(&self, what: &str) -> Result<Option<PathBuf>, Failed> {
        if installation::left_out(&format!("{what} with the real framework"), SKIP)? {
            return Ok(None);
        }
        let python = self.python.get_or_init(|| self.install()).clone();
        python.map(Some).map_err(|report| {
            println!("{what} with {}\n{report}", self.name);
            Failed
        })
    }

    /// The Python of a virtual environment that has the host, installed unless an earlier run did it.
    fn install(&self) -> Result<PathBuf, String> {
        let requirements = host_directory().join(self.requirements);
        python_environment(installation::target(), self.name, &requirements, self.arguments)
            .map_err(|error| format!("{error}\n{SKIP}=1 leaves the suite out"))
    }
}

/// A call through the newest host's plugin manager.
#[derive(serde::Serialize)]
pub(crate) struct Call {
    /// The text of the gateway's configuration.
    pub(crate) gateway: String,
    pub(crate) hook: String,
    pub(crate) payload: serde_json::Value,
    /// As `invoke` takes it, or null.
    pub(crate) context: serde_json::Value,
}

/// The results of the calls as the host has them, in JSON, or what the host says is wrong; `None` when they were left out.
pub(crate) fn call_each(calls: &[Call]) -> Result<Option<Vec<String>>, Failed> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, serde_json::to_string(calls).unwrap()).unwrap();
    let written = CURRENT.written_by("call.py", &[file.path().to_str().unwrap()])?;
    Ok(written.map(|written| {
        let last = written.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {written}"))
    }))
}

pub(crate) fn host_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("host")
}
