//! Why TLS can't be set up.

use std::fmt;

use super::file::File;

/// Settings or files that TLS can't be set up with: one line with the setting, the file and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsError(String);

impl TlsError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// What is wrong with a file; `problem` ends in what to do.
    pub(crate) fn file(file: &File<'_>, problem: impl fmt::Display) -> Self {
        Self(format!("{file} {problem}"))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}
