//! A Unix socket in the file system: with its final mode from its first instant, in nobody's place, and gone afterwards.

mod lock;
mod path;

use std::{
    fs, io,
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use socket2::{Domain, SockAddr, Socket, Type};

use self::lock::Lock;
pub(crate) use self::path::check_path;
use super::ServeError;

/// Connections that may wait to be accepted; the kernel cuts it down to its own limit.
const BACKLOG: i32 = 1024;

/// A socket that listens at a path. Dropping it removes the file, if it is still the one that was made.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: Identity,
    /// Given back after the file is gone.
    _lock: Lock,
}

/// What tells one file from another at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    fn at(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path)
            .ok()
            .map(|metadata| Self::of(&metadata))
    }
}

impl SocketFile {
    /// Listens at `path`. A dead socket there is replaced; a file, a directory, a symbolic link or the socket of a living
    /// server is not. Of several servers that start at one time, one gets the path. Errors name the `setting` that the path
    /// comes from.
    pub(crate) fn listen(
        path: &Path,
        mode: u32,
        setting: &str,
    ) -> Result<(std::os::unix::net::UnixListener, Self), ServeError> {
        check_path(path, setting)?;
        let lock = Lock::take(path, setting)?;
        remove_dead_socket(path, setting)?;
        let listen = || -> io::Result<(std::os::unix::net::UnixListener, Identity)> {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            // Linux makes the file with the mode of the socket, less the umask: there is no instant in which others could
            // connect.
            let socket = fs::File::from(OwnedFd::from(socket));
            socket.set_permissions(fs::Permissions::from_mode(mode))?;
            let socket = Socket::from(OwnedFd::from(socket));
            socket.bind(&SockAddr::unix(path)?)?;
            let metadata = fs::symlink_metadata(path)?;
            if metadata.permissions().mode() & 0o7777 != mode {
                fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
            }
            socket.listen(BACKLOG)?;
            socket.set_nonblocking(true)?;
            Ok((OwnedFd::from(socket).into(), Identity::of(&metadata)))
        };
        match listen() {
            Ok((listener, identity)) => Ok((
                listener,
                Self {
                    path: path.to_owned(),
                    identity,
                    _lock: lock,
                },
            )),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(in_use(path, setting)),
            Err(error) => Err(ServeError::io("can't listen on the socket", path, error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if Identity::at(&self.path) == Some(self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the socket file can't be removed");
        }
    }
}

fn in_use(path: &Path, setting: &str) -> ServeError {
    ServeError::new(format!(
        "another server is listening on {}: stop it, or choose another path ({setting})",
        path.display()
    ))
}

/// Whether a server listens on a socket. It need not accept: one with a full backlog is not waited for.
pub(crate) fn is_alive(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        // One that was there a moment ago: its server has just ended.
        Err(error) if [io::ErrorKind::ConnectionRefused, io::ErrorKind::NotFound].contains(&error.kind()) => {
            Ok(false)
        }
        Ok(()) | Err(_) => Ok(true),
    }
}

/// Removes a socket that nobody answers on.
fn remove_dead_socket(path: &Path, setting: &str) -> Result<(), ServeError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ServeError::io("can't look at", path, error)),
    };
    match is_alive(path) {
        Ok(false) => {}
        Ok(true) => return Err(in_use(path, setting)),
        Err(error) => {
            return Err(ServeError::io(
                "can't tell whether a server is listening on",
                path,
                error,
            ));
        }
    }
    take_away(path, Identity::of(&metadata), setting)
}

/// Removes the socket that was found dead, and no other: between the test and the removal another server may have taken the
/// path. It is moved aside, looked at again, and put back if it is not the one.
fn take_away(path: &Path, dead: Identity, setting: &str) -> Result<(), ServeError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".dead-{}", std::process::id()));
    let aside = PathBuf::from(aside);
    match fs::rename(path, &aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ServeError::io("can't remove the dead socket", path, error)),
    }
    if Identity::at(&aside) == Some(dead) {
        return fs::remove_file(&aside).map_err(|error| ServeError::io("can't remove", &aside, error));
    }
    // A link, because a rename would replace what has been put there in the meantime.
    if let Err(error) = fs::hard_link(&aside, path) {
        tracing::warn!(path = %path.display(), %error, "the socket of another server can't be put back");
    }
    fs::remove_file(&aside).map_err(|error| ServeError::io("can't remove", &aside, error))?;
    Err(in_use(path, setting))
}
