//! What a command prints, and why it failed. A stream that can't be written is an error, never a panic.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Write},
    process::ExitCode,
    sync::OnceLock,
};

use super::{colours::has_colours, log::Log};
use crate::standard_output;
use crate::visible::{is_hidden, visible, visible_lines};

/// Why a command cannot be carried out: a line for each reason.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Vec<String>);

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self(vec![reason])
    }
}

/// Standard output, for a command that runs plugins: what they print goes elsewhere. It stays open as long as the process, so that its
/// reader knows from its end that there is no more to come.
pub(super) fn take_output() -> Result<&'static File, String> {
    static OUTPUT: OnceLock<File> = OnceLock::new();
    let taken = standard_output::take();
    let taken = taken.map_err(|error| format!("standard output can't be taken over: {error}"))?;
    Ok(OUTPUT.get_or_init(|| taken.into()))
}

/// Writes the output of a command that runs no plugins.
pub(super) fn print(text: &str) -> Result<ExitCode, Failure> {
    write(io::stdout().lock(), text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a command's output.
pub(super) fn write(mut output: impl Write, text: &str) -> Result<(), Failure> {
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| unwritable(&error))
}

/// Prints what clap has to say: the help that was asked for, or what is wrong with the command line.
pub(super) fn usage(error: &clap::Error, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let status = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    let text = error.render();
    // A mistake repeats arguments, whose escape sequences would pass for clap's own.
    let is_plain = |argument: &OsString| !argument.to_string_lossy().contains(is_hidden);
    if !error.use_stderr() {
        let text = if has_colours(&io::stdout()) {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        print(&text)?;
    } else if has_colours(&io::stderr()) && arguments.iter().all(is_plain) {
        to_stderr(&text.ansi().to_string());
    } else {
        to_stderr(&visible_lines(&text.to_string()));
    }
    Ok(status)
}

/// Writes a line for each reason to standard error, behind the lines of the log.
pub(super) fn errors(reasons: &[String]) {
    for reason in reasons {
        to_stderr(&format!("error: {}\n", visible(reason)));
    }
}

fn to_stderr(text: &str) {
    match Log::of_process() {
        Some(log) => log.put(text.as_bytes()),
        // Nothing can be done if it can't be written.
        None => drop(io::stderr().write_all(text.as_bytes())),
    }
}

/// A reader that has seen enough needs no message, as with any tool in a pipe.
fn unwritable(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure(Vec::new());
    }
    format!("stdout cannot be written: {error}").into()
}
