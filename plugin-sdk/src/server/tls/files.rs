//! All files of a server, and whether they have changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::TlsSettings;
use crate::tls::file::{File, Setting, Side};

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
            certificate: File::read(Setting::Certfile, Side::Server, &settings.certfile),
            key: File::read(Setting::Keyfile, Side::Server, &settings.keyfile),
            ca_bundle: settings
                .ca_bundle
                .as_deref()
                .map(|path| File::read(Setting::CaBundle, Side::Server, path)),
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
