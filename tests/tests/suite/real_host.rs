//! The Python framework, unmodified, as the host of our servers. The drivers are in `tests/host`.
//!
//! Each test runs one driver, which starts servers of its own and prints a line per group of cases. Each version of the
//! framework is installed once into a virtual environment of its own below the target directory.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use plugin_sdk_tests::process;

/// Leaves the suite out when set to something.
const SKIP: &str = "PLUGIN_SDK_SKIP_HOST";
/// The Python to use instead of the first that fits.
const PYTHON: &str = "PLUGIN_SDK_PYTHON";

const INSTALL_PATIENCE: Duration = Duration::from_secs(600);
const DRIVER_PATIENCE: Duration = Duration::from_secs(240);

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

/// The framework as its users have it now.
pub(crate) static CURRENT: Host = Host::new("host", "requirements.txt", &[]);

/// The last gateway that has the framework in its own tree, under the package `mcpgateway.plugins`. Without its dependencies, which
/// are those of a whole gateway, and on any Python that its framework runs on.
pub(crate) static GATEWAY_1_0_0: Host = Host::new(
    "host-1.0.0",
    "requirements-1.0.0.txt",
    &["--no-deps", "--ignore-requires-python"],
);

/// A version of the framework.
pub(crate) struct Host {
    /// Where its virtual environment is, below the target directory.
    directory: &'static str,
    /// What is installed there: a file of `tests/host`.
    requirements: &'static str,
    /// What else pip is told.
    arguments: &'static [&'static str],
    /// The Python of the environment, once it is there.
    python: OnceLock<Result<PathBuf, String>>,
}

/// Stands for a report that was printed, lines and all, rather than put into an error message.
#[derive(Debug)]
pub(crate) struct Failed;

fn drive(driver: &str) -> Result<(), Failed> {
    CURRENT.run(driver, |_| {}).map(drop)
}

impl Host {
    const fn new(
        directory: &'static str,
        requirements: &'static str,
        arguments: &'static [&'static str],
    ) -> Self {
        Self {
            directory,
            requirements,
            arguments,
            python: OnceLock::new(),
        }
    }

    /// Runs a program of `tests/host` in the environment that has the framework, after `change` has changed the command. False
    /// when it was left out.
    pub(crate) fn run(&self, driver: &str, change: impl FnOnce(&mut Command)) -> Result<bool, Failed> {
        if std::env::var_os(SKIP).is_some_and(|value| !value.is_empty() && value != "0") {
            // Past the capture of test output: what was left out must not look like what passed.
            let line = format!("left out: {driver} with the real host, because {SKIP} is set\n");
            let written = std::io::stderr().write_all(line.as_bytes());
            return written.map(|()| false).map_err(|_| Failed);
        }
        let report = self
            .python
            .get_or_init(|| self.install())
            .clone()
            .and_then(|python| {
                let mut command = Command::new(python);
                process::without_settings(&mut command)
                    .arg(host_directory().join(driver))
                    .env("PROBE_PLUGIN", env!("CARGO_BIN_EXE_probe-plugin"))
                    .env("COMPAT_PLUGINS", env!("CARGO_BIN_EXE_compat-plugins"))
                    .env("PYTHONDONTWRITEBYTECODE", "1");
                change(&mut command);
                output(&mut command, DRIVER_PATIENCE)
            });
        match report {
            Ok(report) => println!("{driver}\n{report}"),
            Err(report) => {
                println!("{driver}\n{report}");
                return Err(Failed);
            }
        }
        Ok(true)
    }

    /// The Python of a virtual environment that has the host, installed unless an earlier run did it.
    fn install(&self) -> Result<PathBuf, String> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let environment = target.join(self.directory);
        let requirements = host_directory().join(self.requirements);
        let describe = |error| {
            format!(
                "the real host cannot be installed below {}: {error}",
                target.display()
            )
        };

        // Other processes may be about to install as well: tests of several profiles, or of another terminal.
        fs::create_dir_all(target).map_err(describe)?;
        let lock = File::create(target.join(format!("{}.lock", self.directory))).map_err(describe)?;
        lock.lock().map_err(describe)?;

        let wanted = fs::read_to_string(&requirements).map_err(describe)?;
        let stamp = environment.join("installed");
        let python = environment.join("bin/python");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && runs(&python) {
            return Ok(python);
        }
        let base = find_python()?;
        let _ = fs::remove_dir_all(&environment);
        output(
            Command::new(base).args(["-m", "venv"]).arg(&environment),
            INSTALL_PATIENCE,
        )?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ];
        output(
            Command::new(&python)
                .args(pip)
                .arg(&requirements)
                .args(self.arguments),
            INSTALL_PATIENCE,
        )?;
        fs::write(stamp, wanted).map_err(describe)?;
        Ok(python)
    }
}

fn host_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("host")
}

/// The first Python that the host runs on.
fn find_python() -> Result<PathBuf, String> {
    let named = std::env::var_os(PYTHON);
    let known = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
    let mut candidates = match &named {
        Some(path) => vec![PathBuf::from(path)],
        None => known.map(PathBuf::from).to_vec(),
    };
    candidates.retain(|python| runs(python));
    candidates.into_iter().next().ok_or_else(|| {
        format!(
            "the real-host suite needs Python 3.11 or newer with venv: install it, name one in {PYTHON}, or set \
             {SKIP}=1 to leave the suite out"
        )
    })
}

/// Whether this Python is there and new enough.
fn runs(python: &Path) -> bool {
    let check = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";
    let status = Command::new(python)
        .args(["-c", check])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Runs a command to its end: what it wrote, as an error unless it succeeded in time.
fn output(command: &mut Command, patience: Duration) -> Result<String, String> {
    let log = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let handle = || log.reopen().map_err(|error| error.to_string());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(handle()?)
        .stderr(handle()?)
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let status = process::wait(&mut child, patience).map_err(|error| error.to_string())?;
    let written = || fs::read_to_string(log.path()).unwrap_or_default();
    match status {
        Some(status) if status.success() => Ok(written()),
        Some(status) => Err(format!("{command:?} ended with {status}:\n{}", written())),
        None => {
            // The last resort: a driver that hangs ends by itself before, and stops its servers.
            let _ = child.kill();
            let _ = child.wait();
            Err(format!(
                "{command:?} was still running after {patience:?}:\n{}",
                written()
            ))
        }
    }
}
