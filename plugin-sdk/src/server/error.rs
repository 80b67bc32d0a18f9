//! Why a server can't listen.

use std::{fmt, io, path::PathBuf};

use crate::causes::debug_by_message;

/// A server that can't listen, or that stopped listening.
pub struct ServeError {
    message: String,
    source: Option<io::Error>,
}

impl ServeError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    pub(crate) fn io(what: &str, path: &std::path::Path, source: io::Error) -> Self {
        Self {
            message: format!("{what} {}", PathBuf::from(path).display()),
            source: Some(source),
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(formatter, "{}: {source}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

debug_by_message!(ServeError);

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

#[cfg(any(feature = "grpc", feature = "mcp"))]
impl From<super::tls::TlsError> for ServeError {
    fn from(error: super::tls::TlsError) -> Self {
        Self::new(error.to_string())
    }
}
