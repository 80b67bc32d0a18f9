//! The machine that the book speaks of, in a directory.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Path, PathBuf},
};

use plugin_sdk_tests::process::free_port;
use regex::Regex;
use tempfile::TempDir;

use super::root;
use crate::certificates::Certificates;

/// Programs that the book calls. What they do is decided by their names.
const PROGRAMS: [&str; 2] = ["replace-words", "word-guard"];

/// Stands for the directories `/etc/plugins` and `/run/plugins`, for the ports of the book, and for a directory of programs.
pub(super) struct Place {
    directory: TempDir,
    /// Ports in the book, and here.
    ports: [(u16, u16); 3],
}

impl Place {
    pub(super) fn make() -> Self {
        // The path of a socket has little room, and the temporary directory of a system may be deep.
        let directory = tempfile::Builder::new()
            .prefix("book-")
            .tempdir_in("/tmp")
            .unwrap();
        let path = directory.path();
        fs::DirBuilder::new()
            .mode(0o700)
            .create(path.join("run"))
            .unwrap();
        fs::create_dir_all(path.join("etc/tls")).unwrap();
        fs::create_dir(path.join("bin")).unwrap();
        for program in PROGRAMS {
            symlink(env!("CARGO_BIN_EXE_book-plugins"), path.join("bin").join(program)).unwrap();
        }
        let configuration = root().join("examples/replace-words/config.yaml");
        fs::copy(configuration, path.join("etc/config.yaml")).unwrap();
        let certificates = Certificates::make();
        for entry in fs::read_dir(certificates.directory()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), path.join("etc/tls").join(entry.file_name())).unwrap();
        }
        let (grpc, http) = (free_port().unwrap(), port_with_one_above());
        Self {
            ports: [(50051, grpc), (8000, http), (9000, http + 1000)],
            directory,
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of programs.
    pub(super) fn programs(&self) -> PathBuf {
        self.path().join("bin")
    }

    fn directories(&self) -> [(&'static str, String); 2] {
        ["run", "etc"].map(|name| {
            let real = self.path().join(name).display().to_string();
            let shown = if name == "run" {
                "/run/plugins"
            } else {
                "/etc/plugins"
            };
            (shown, real)
        })
    }

    /// A text of the book, for this machine.
    pub(super) fn real(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (shown, real) in self.directories() {
            text = text.replace(shown, &real);
        }
        for (shown, real) in self.ports {
            text = replace_number(&text, shown, real);
        }
        text
    }

    /// A text of this machine, as the book has it.
    pub(super) fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (shown, real) in self.directories() {
            text = text.replace(&real, shown);
        }
        for (shown, real) in self.ports {
            text = replace_number(&text, real, shown);
        }
        text
    }
}

fn replace_number(text: &str, from: u16, to: u16) -> String {
    let number = Regex::new(&format!(r"\b{from}\b")).unwrap();
    number.replace_all(text, to.to_string()).into_owned()
}

/// A port such that the one 1000 above, where a server with TLS has its health, is a port as well.
fn port_with_one_above() -> u16 {
    loop {
        let port = free_port().unwrap();
        if port < u16::MAX - 1000 {
            return port;
        }
    }
}
