//! What is installed once below the target directory, with the package managers of other languages.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::process;

/// How long an installation may take.
pub const INSTALL_PATIENCE: Duration = Duration::from_secs(600);
/// The Python to use instead of the first that fits.
const PYTHON: &str = "PLUGIN_SDK_PYTHON";
/// Set by `.ci/quick`.
const QUICK: &str = "PLUGIN_SDK_QUICK";

/// The directory `name` below `target` with what `make` puts there, unless an earlier run did so for the same `wanted` and it is
/// still `usable`.
///
/// # Errors
///
/// When it can't be made; the message says why. Always in `.ci/quick`, which must know by name the tests that need more than Rust.
pub fn once(
    target: &Path,
    name: &str,
    wanted: &str,
    usable: impl FnOnce(&Path) -> bool,
    make: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    if std::env::var_os(QUICK).is_some() {
        return Err(format!(
            "{name} is more than Rust: name this test in .ci/quick, which leaves it out"
        ));
    }
    let directory = target.join(name);
    let describe = |error| format!("{name} cannot be installed below {}: {error}", target.display());

    // Other processes may be about to install as well: tests of several profiles, or of another terminal.
    fs::create_dir_all(target).map_err(describe)?;
    let lock = File::create(target.join(format!("{name}.lock"))).map_err(describe)?;
    lock.lock().map_err(describe)?;

    let stamp = directory.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && usable(&directory) {
        return Ok(directory);
    }
    let _ = fs::remove_dir_all(&directory);
    make(&directory)?;
    fs::write(stamp, wanted).map_err(describe)?;
    Ok(directory)
}

/// Runs a command to its end: what it wrote.
///
/// # Errors
///
/// Unless it succeeded in time; the message has what it wrote.
pub fn output(command: &mut Command, patience: Duration) -> Result<String, String> {
    let log = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    // One place to write at for both streams: with one each, they would write over each other.
    let output = log.reopen().map_err(|error| error.to_string())?;
    let errors = output.try_clone().map_err(|error| error.to_string())?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
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

/// The Python of a virtual environment with these requirements, which is made unless an earlier run did it.
///
/// # Errors
///
/// When it can't be made; the message says why.
pub fn python_environment(
    target: &Path,
    name: &str,
    requirements: &Path,
    arguments: &[&str],
) -> Result<PathBuf, String> {
    let wanted = fs::read_to_string(requirements).map_err(|error| error.to_string())?;
    let python = Path::new("bin/python");
    let environment = once(
        target,
        name,
        &wanted,
        |environment| runs(&environment.join(python)),
        |environment| {
            let mut create = Command::new(find_python()?);
            output(create.args(["-m", "venv"]).arg(environment), INSTALL_PATIENCE)?;
            let pip = [
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ];
            let mut install = Command::new(environment.join(python));
            install.args(pip).arg(requirements).args(arguments);
            output(&mut install, INSTALL_PATIENCE).map(drop)
        },
    )?;
    Ok(environment.join(python))
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
        format!("the real host needs Python 3.11 or newer with venv: install it, or name one in {PYTHON}")
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
