//! Standard output, which is for what a command writes: `READY`, results, messages of MCP.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
};

/// Takes standard output over: what plugins print goes to standard error from now on, and so does what processes that are started
/// later print. This comes before any plugin can print.
pub(crate) fn take() -> io::Result<OwnedFd> {
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    if rustix::stdio::dup2_stdout(io::stderr()).is_err() {
        // There is no standard error.
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    }
    Ok(output)
}
