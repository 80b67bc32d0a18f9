//! What is wrong with a configuration, each as one line with its place.

use std::path::{Path, PathBuf};

/// Collects what is found, so that a single run reports all of it.
#[derive(Debug)]
pub(crate) struct Findings {
    file: PathBuf,
    /// Mistakes that keep the server from starting.
    pub(crate) problems: Vec<String>,
    /// What is worth a line in the log.
    pub(crate) warnings: Vec<String>,
}

impl Findings {
    /// Findings in `file`.
    pub(crate) fn new(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Findings in something that is no file.
    pub(crate) fn without_file() -> Self {
        Self::new(Path::new(""))
    }

    pub(crate) fn problem(&mut self, line: impl Into<Option<u64>>, path: &str, message: impl AsRef<str>) {
        self.problems
            .push(located(&self.file, line.into(), path, message.as_ref()));
    }

    pub(crate) fn warning(&mut self, line: impl Into<Option<u64>>, path: &str, message: impl AsRef<str>) {
        self.warnings
            .push(located(&self.file, line.into(), path, message.as_ref()));
    }
}

/// One line about one place of a file: `plugins.yaml:12: plugins[2].mode: unknown mode ...`. What is in no file has no line.
pub(crate) fn located(file: &Path, line: Option<u64>, path: &str, message: &str) -> String {
    let mut located = String::new();
    if !file.as_os_str().is_empty() {
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        located = format!("{}{line}: ", file.display());
    }
    if !path.is_empty() {
        located.push_str(path);
        located.push_str(": ");
    }
    located + message
}
