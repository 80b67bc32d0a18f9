//! What tests install once below the target directory, with the package managers of other languages.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use plugin_sdk_tests::installation;

pub(crate) use installation::{INSTALL_PATIENCE, output};

/// Where tests install.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

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
    installation::once(target(), name, wanted, usable, make)
}
