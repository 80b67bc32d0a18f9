//! Taking over standard input and output.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::unix::pipe,
};

use crate::{server::ServeError, standard_output};

/// Where messages come from.
pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
/// Where messages go.
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Standard input and output of the process, which nobody else has any more: what is printed goes to standard error from now on, and
/// what is read is empty. The same holds for processes that are started later.
#[derive(Debug)]
pub(crate) struct StdioStreams {
    input: OwnedFd,
    output: OwnedFd,
}

impl StdioStreams {
    /// Takes them over. This comes before any plugin can print.
    pub(crate) fn take() -> Result<Self, ServeError> {
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err(ServeError::new(
                "standard input and output are served already: the process has them only once",
            ));
        }
        let take = || -> io::Result<Self> {
            let streams = Self {
                input: io::stdin().as_fd().try_clone_to_owned()?,
                output: standard_output::take()?,
            };
            rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
            Ok(streams)
        };
        take().map_err(|error| {
            ServeError::new(format!("standard input and output can't be taken over: {error}"))
        })
    }

    /// The two for use in a tokio runtime.
    pub(super) fn open(self) -> (Reader, Writer) {
        (reader(self.input), writer(self.output))
    }
}

/// Pipes are read without a thread in between. They are opened anew for that, so that nobody who has the same pipe notices.
/// Anything else, such as a file or a socket, has a thread that waits for it.
fn reader(input: OwnedFd) -> Reader {
    match pipe::OpenOptions::new().open_receiver(path(&input)) {
        Ok(pipe) => Box::new(pipe),
        Err(_) => Box::new(tokio::fs::File::from_std(input.into())),
    }
}

fn writer(output: OwnedFd) -> Writer {
    match pipe::OpenOptions::new().open_sender(path(&output)) {
        Ok(pipe) => Box::new(pipe),
        Err(_) => Box::new(tokio::fs::File::from_std(output.into())),
    }
}

fn path(descriptor: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", descriptor.as_raw_fd())
}
