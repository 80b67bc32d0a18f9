//! A PEM file: which setting names it, and what it held at one instant.

use std::{
    fmt, fs,
    io::{self, Read},
    path::Path,
};

use super::TlsError;

/// More than the largest bundle of certificate authorities that systems come with. The files are read again and again, and
/// a path may lead to a log by mistake.
const MAX_FILE_SIZE: u64 = 4 * 1024 * 1024;

/// The end of a connection that uses a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

impl Side {
    /// Whose certificate the end shows.
    pub(super) fn owner(self) -> &'static str {
        match self {
            Self::Server => "the server's",
            Self::Client => "the client's",
        }
    }

    /// Whose certificates the end checks.
    pub(super) fn others(self) -> &'static str {
        match self {
            Self::Server => "the clients",
            Self::Client => "the server",
        }
    }

    /// How the environment calls the password of a key.
    pub(super) fn password_variable(self) -> &'static str {
        match self {
            Self::Server => "…_SSL_KEYFILE_PASSWORD",
            Self::Client => "…_CLIENT_MTLS_KEYFILE_PASSWORD",
        }
    }
}

/// The setting that names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Certfile,
    Keyfile,
    CaBundle,
}

impl Setting {
    fn name(self) -> &'static str {
        match self {
            Self::Certfile => "certfile",
            Self::Keyfile => "keyfile",
            Self::CaBundle => "ca_bundle",
        }
    }

    fn contents(self, side: Side) -> String {
        match self {
            Self::Certfile => format!("{} certificate", side.owner()),
            Self::Keyfile => format!("the private key of {} certificate", side.owner()),
            Self::CaBundle => format!("the certificate authorities of {}", side.others()),
        }
    }
}

/// A file as it was read at one instant, or why it could not be.
pub(crate) struct File<'a> {
    pub(super) setting: Setting,
    pub(super) side: Side,
    pub(super) path: &'a Path,
    pub(crate) contents: Result<Vec<u8>, String>,
}

impl<'a> File<'a> {
    pub(crate) fn read(setting: Setting, side: Side, path: &'a Path) -> Self {
        Self {
            setting,
            side,
            path,
            contents: read(path),
        }
    }

    pub(crate) fn contents(&self) -> Result<&[u8], TlsError> {
        match &self.contents {
            Ok(contents) => Ok(contents),
            Err(problem) => Err(TlsError::file(
                self,
                format!(
                    "{problem}: name a readable PEM file with {}",
                    self.setting.contents(self.side)
                ),
            )),
        }
    }
}

impl fmt::Display for File<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.setting.name(), self.path.display())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let problem = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("can't be read ({error})"),
    };
    // Asked before it is opened: opening a pipe waits for a writer.
    if !fs::metadata(path).map_err(problem)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut contents = Vec::new();
    fs::File::open(path)
        .map_err(problem)?
        .take(MAX_FILE_SIZE + 1)
        .read_to_end(&mut contents)
        .map_err(problem)?;
    if contents.len() as u64 > MAX_FILE_SIZE {
        return Err(format!("is larger than {} MiB", MAX_FILE_SIZE >> 20));
    }
    Ok(contents)
}
