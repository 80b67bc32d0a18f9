//! What tests install once below the target directory, with the package managers of other languages.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use plugin_sdk_tests::process;

pub(crate) const INSTALL_PATIENCE: Duration = Duration::from_secs(600);

/// Stands for a report that was printed, lines and all, rather than put into an error message.
#[derive(Debug)]
pub(crate) struct Failed;

/// Whether the variable `switch` says to leave something out, which is said aloud.
pub(crate) fn left_out(what: &str, switch: &str) -> Result<bool, Failed> {
    if std::env::var_os(switch).is_none_or(|value| value.is_empty() || value == "0") {
        return Ok(false);
    }
    // Past the capture of test output: what was left out must not look like what passed.
    let line = format!("left out: {what}, because {switch} is set\n");
    let written = std::io::stderr().write_all(line.as_bytes());
    written.map(|()| true).map_err(|_| Failed)
}

/// The directory `name` with what `make` puts there, unless an earlier run did so for the same `wanted` and it is still `usable`.
pub(crate) fn once(
    name: &str,
    wanted: &str,
    usable: impl FnOnce(&Path) -> bool,
    make: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
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

/// Runs a command to its end: what it wrote, as an error unless it succeeded in time.
pub(crate) fn output(command: &mut Command, patience: Duration) -> Result<String, String> {
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
