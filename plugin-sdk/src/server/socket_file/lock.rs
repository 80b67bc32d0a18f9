//! Who may have the socket at a path.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{Identity, in_use};
use crate::server::ServeError;

/// How often another server may remove the file in the instant between opening and locking it.
const ATTEMPTS: usize = 100;

/// A locked file beside a socket, from before the socket is made until it is gone. A socket that is bound and does not listen yet
/// looks like a dead one; the lock tells them apart. The kernel releases it with the process, so a file that is left from a
/// process that was killed is in nobody's way.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Locks the path of a socket, without waiting.
    pub(super) fn take(socket: &Path, setting: &str) -> Result<Self, ServeError> {
        let mut path = socket.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        for _ in 0..ATTEMPTS {
            let file = open(&path).map_err(|error| {
                let way_out = if path.exists() {
                    "remove it if another user's server left it, or choose another path"
                } else {
                    "choose another path"
                };
                ServeError::new(format!(
                    "can't open the lock file of the socket, {}: {error}; {way_out} ({setting})",
                    path.display()
                ))
            })?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(in_use(socket, setting)),
                Err(TryLockError::Error(error)) => return Err(ServeError::io("can't lock", &path, error)),
            }
            // The server that had the lock may have removed the file after it was opened here.
            if is_in_place(&path, &file) {
                return Ok(Self { path, file });
            }
        }
        Err(in_use(socket, setting))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before it is unlocked: nobody else has locked this file.
        if is_in_place(&self.path, &self.file)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the lock file can't be removed");
        }
    }
}

fn is_in_place(path: &Path, file: &File) -> bool {
    let locked = file.metadata().map(|metadata| Identity::of(&metadata));
    locked.is_ok_and(|locked| Identity::at(path) == Some(locked))
}

/// Opens the file, or makes it. A symbolic link is not followed: somebody else may have put it there.
fn open(path: &Path) -> io::Result<File> {
    let no_follow = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_follow)
        .open(path)
}
