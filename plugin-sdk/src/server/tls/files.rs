//! The bytes of the files, and whether they have changed.

use std::{
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    path::Path,
};

use super::{TlsError, TlsSettings};

/// More than the largest bundle of certificate authorities that systems come with. The files are read again and again, and
/// a path may lead to a log by mistake.
const MAX_FILE_SIZE: u64 = 4 * 1024 * 1024;

/// The setting that names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
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

    fn contents(self) -> &'static str {
        match self {
            Self::Certfile => "the server's certificate",
            Self::Keyfile => "the private key of the server's certificate",
            Self::CaBundle => "the certificate authorities of the clients",
        }
    }
}

/// A file as it was read at one instant, or why it could not be.
pub(super) struct File<'a> {
    pub(super) setting: Setting,
    pub(super) path: &'a Path,
    contents: Result<Vec<u8>, String>,
}

impl<'a> File<'a> {
    fn read(setting: Setting, path: &'a Path) -> Self {
        Self {
            setting,
            path,
            contents: read(path),
        }
    }

    pub(super) fn contents(&self) -> Result<&[u8], TlsError> {
        match &self.contents {
            Ok(contents) => Ok(contents),
            Err(problem) => Err(TlsError::file(
                self,
                format!(
                    "{problem}: name a readable PEM file with {}",
                    self.setting.contents()
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

/// All files of the settings. Each is read once and everything is made from those bytes, so that a file that is replaced in
/// the meantime is noticed the next time.
pub(super) struct Files<'a> {
    pub(super) certificate: File<'a>,
    pub(super) key: File<'a>,
    pub(super) ca_bundle: Option<File<'a>>,
}

impl<'a> Files<'a> {
    pub(super) fn read(settings: &'a TlsSettings) -> Self {
        Self {
            certificate: File::read(Setting::Certfile, &settings.certfile),
            key: File::read(Setting::Keyfile, &settings.keyfile),
            ca_bundle: settings
                .ca_bundle
                .as_deref()
                .map(|path| File::read(Setting::CaBundle, path)),
        }
    }

    pub(super) fn digest(&self) -> Digest {
        let mut hasher = DefaultHasher::new();
        self.certificate.contents.hash(&mut hasher);
        self.key.contents.hash(&mut hasher);
        self.ca_bundle
            .as_ref()
            .map(|file| &file.contents)
            .hash(&mut hasher);
        Digest(hasher.finish())
    }
}

/// Tells whether the files have changed. Made of what is in them rather than of times and inodes: those miss a file that is
/// written twice within one tick of the file system's clock, or copied with its times, and differ when nothing has changed.
/// What `path` leads to through symbolic links, as in the volumes of Kubernetes, makes no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest(u64);

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
