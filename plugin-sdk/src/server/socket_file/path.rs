//! Whether a socket can be made at a path, where nobody else could put another in its place.

use std::{
    ffi::OsString,
    fs::{self, Metadata},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat},
    io::Errno,
};

use crate::server::ServeError;

/// The longest path that the address of a socket holds.
const LONGEST_PATH: usize = 107;

/// Symbolic links that a path may lead through, as for the kernel.
const MAX_LINKS: usize = 40;

/// Whether a socket can be made at the path: it must not be too long, its directory must be there and writable, nobody else may be
/// able to replace one of the directories above it, and nothing but a socket may be in the way.
pub(crate) fn check_path(path: &Path, setting: &str) -> Result<(), ServeError> {
    let length = path.as_os_str().len();
    if length > LONGEST_PATH {
        return Err(ServeError::new(format!(
            "the path {} has {length} bytes, and the address of a socket holds {LONGEST_PATH}: choose a shorter one \
             ({setting})",
            path.display()
        )));
    }
    let directory = directory_of(path, setting)?;
    check_way(&directory, setting)?;
    let access = accessat(
        CWD,
        &directory,
        Access::WRITE_OK | Access::EXEC_OK,
        AtFlags::EACCESS,
    );
    // Of other errors, also of a system that can't tell, making the socket will say more.
    if let Err(error @ (Errno::ACCESS | Errno::ROFS)) = access {
        return Err(ServeError::new(format!(
            "the server's user {} can't make a socket in {}: {error}; give it the directory, or choose another path ({setting})",
            rustix::process::geteuid().as_raw(),
            directory.display()
        )));
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => Err(ServeError::new(format!(
            "{} is there already and is not a socket: remove it, or choose another path ({setting})",
            path.display()
        ))),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ServeError::io("can't look at", path, error))
        }
        _ => Ok(()),
    }
}

/// The directory of a socket, which must be there.
fn directory_of(path: &Path, setting: &str) -> Result<PathBuf, ServeError> {
    let directory = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => {
            return Err(ServeError::new(format!(
                "{} is not the path of a socket ({setting})",
                path.display()
            )));
        }
    };
    let looked = std::path::absolute(directory).and_then(|absolute| Ok((fs::metadata(directory)?, absolute)));
    let (metadata, absolute) = looked.map_err(|error| {
        ServeError::new(format!(
            "can't use the directory of the socket {}: {error}; make the directory, or choose another path ({setting})",
            path.display()
        ))
    })?;
    if !metadata.is_dir() {
        return Err(ServeError::new(format!(
            "{} is not a directory: choose another path for the socket ({setting})",
            directory.display()
        )));
    }
    Ok(absolute)
}

/// Looks at every directory from the root to this one, and at the symbolic links between them: whoever could replace one of them
/// could put another socket in the place of ours. The owner of a directory can, and whoever may write to it, unless the sticky
/// bit leaves its entries to their owners.
fn check_way(directory: &Path, setting: &str) -> Result<(), ServeError> {
    let mut at = PathBuf::from("/");
    let look =
        |at: &Path| fs::symlink_metadata(at).map_err(|error| ServeError::io("can't look at", at, error));
    check_directory(&at, &look(&at)?, setting)?;
    let mut rest = parts(directory);
    let mut links = 0;
    while let Some(part) = rest.pop() {
        if part == ".." {
            at.pop();
            continue;
        }
        let next = at.join(part);
        let metadata = look(&next)?;
        if !metadata.is_symlink() {
            check_directory(&next, &metadata, setting)?;
            at = next;
            continue;
        }
        check_owner(&next, &metadata, setting)?;
        links += 1;
        if links > MAX_LINKS {
            return Err(ServeError::new(format!(
                "{} leads through too many symbolic links: choose another path for the socket ({setting})",
                directory.display()
            )));
        }
        let target =
            fs::read_link(&next).map_err(|error| ServeError::io("can't read the link", &next, error))?;
        if target.is_absolute() {
            at = PathBuf::from("/");
        }
        rest.extend(parts(&target));
    }
    Ok(())
}

/// The names in a path, the last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let named = path.components().rev().filter_map(|component| match component {
        Component::Normal(_) | Component::ParentDir => Some(component.as_os_str().to_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    named.collect()
}

fn check_directory(directory: &Path, metadata: &Metadata, setting: &str) -> Result<(), ServeError> {
    const WRITABLE_BY_ALL: u32 = 0o002;
    const STICKY: u32 = 0o1000;

    check_owner(directory, metadata, setting)?;
    if metadata.mode() & WRITABLE_BY_ALL != 0 && metadata.mode() & STICKY == 0 {
        return Err(ServeError::new(format!(
            "{} is writable by everyone, so that anyone could replace the socket: use a directory of the plugin's own \
             (`mkdir -m 700`), or set its sticky bit (`chmod +t`)",
            directory.display()
        )));
    }
    Ok(())
}

fn check_owner(path: &Path, metadata: &Metadata, setting: &str) -> Result<(), ServeError> {
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner == 0 || owner == own {
        return Ok(());
    }
    Err(ServeError::new(format!(
        "{} belongs to the user {owner}, who could replace the socket: use a directory that belongs to root or to the server's \
         user {own}, and so do all above it ({setting})",
        path.display()
    )))
}
