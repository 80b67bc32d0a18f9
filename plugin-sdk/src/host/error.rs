//! What can go wrong between a host and a plugin: the same values on every transport.

use std::{
    error::Error,
    fmt::{self, Write as _},
    time::Duration,
};

use crate::{
    causes::debug_by_message,
    codec::CodecError,
    protocol::error::ReportedError,
    visible::{Visible, visible},
};

/// Why a call has no result. A denial is a result.
///
/// ```
/// use plugin_sdk::host::CallError;
///
/// fn what_to_do(error: &CallError) -> &'static str {
///     match error {
///         CallError::Unreachable { .. } => "the server is down",
///         error if !error.may_be_seen() => "try it again",
///         _ => "the plugin may have seen it",
///     }
/// }
///
/// assert_eq!(what_to_do(&CallError::Closed), "try it again");
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin failed, or its server did while it called it.
    Plugin(Box<ReportedError>),
    /// The server has no plugin of this name, or the plugin does not have the hook.
    NotFound(Box<ReportedError>),
    /// There was no answer in time.
    Timeout {
        /// The time that the call had.
        after: Duration,
        /// Whether the plugin may have seen the call. It may still be at work on it.
        may_be_seen: bool,
    },
    /// There is no connection to the server. The plugin did not see the call.
    Unreachable {
        /// What happened, and where.
        message: String,
    },
    /// The connection was lost after the request was sent. The plugin may have seen the call.
    ConnectionLost {
        /// What happened, and where.
        message: String,
    },
    /// The request, or the answer, is larger than one of the sides takes.
    TooLarge {
        /// What is too large, and the limit.
        message: String,
    },
    /// The server refused the request before any plugin saw it.
    Refused(Box<ReportedError>),
    /// The payload or the context has no form on the wire. Nothing was sent.
    InvalidRequest {
        /// What can't be sent, with its key.
        message: String,
    },
    /// The answer is not one, or does not fit the hook.
    InvalidAnswer {
        /// What is wrong with it, with its key.
        message: String,
    },
    /// The plugin was closed by [`close`](super::HostedPlugin::close).
    Closed,
}

impl CallError {
    /// Whether the plugin may have seen the call, so that repeating it may do its work twice.
    pub fn may_be_seen(&self) -> bool {
        match self {
            Self::Timeout { may_be_seen, .. } => *may_be_seen,
            Self::Plugin(_)
            | Self::ConnectionLost { .. }
            | Self::TooLarge { .. }
            | Self::InvalidAnswer { .. } => true,
            Self::NotFound(_)
            | Self::Unreachable { .. }
            | Self::Refused(_)
            | Self::InvalidRequest { .. }
            | Self::Closed => false,
        }
    }

    pub(crate) fn invalid_answer(error: impl fmt::Display) -> Self {
        Self::InvalidAnswer {
            message: error.to_string(),
        }
    }

    pub(crate) fn invalid_request(error: &CodecError) -> Self {
        Self::InvalidRequest {
            message: error.to_string(),
        }
    }
}

/// What the server says is shown in one line, with control characters as `\u{1b}`.
impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let formatter = &mut Visible(formatter);
        match self {
            Self::Plugin(error) | Self::NotFound(error) => write!(formatter, "{error}"),
            Self::Timeout { after, .. } => write!(formatter, "no answer within {} s", after.as_secs_f64()),
            Self::Unreachable { message } => {
                write!(formatter, "the plugin's server can't be reached: {message}")
            }
            Self::ConnectionLost { message } => {
                write!(formatter, "the connection was lost during the call: {message}")
            }
            Self::TooLarge { message } => formatter.write_str(message),
            Self::Refused(error) => write!(formatter, "the server refused the request: {error}"),
            Self::InvalidRequest { message } => write!(formatter, "the call can't be sent: {message}"),
            Self::InvalidAnswer { message } => write!(formatter, "the answer is not valid: {message}"),
            Self::Closed => formatter.write_str("the plugin was closed"),
        }
    }
}

impl Error for CallError {}

debug_by_message!(CallError, HostError);

/// Why a plugin can't be used at all.
#[derive(Clone)]
#[non_exhaustive]
pub enum HostError {
    /// The configuration is not valid. Each of the problems names its place and what to do.
    Configuration {
        /// All of them, one line each.
        problems: Vec<String>,
    },
    /// The server has no plugin of this name.
    NotFound {
        /// The name.
        plugin: String,
    },
    /// The configuration that the server reports is not valid, or does not go with the local one.
    RemoteConfiguration {
        /// The plugin.
        plugin: String,
        /// All problems, one line each.
        problems: Vec<String>,
    },
    /// The configuration could not be fetched.
    Connect {
        /// The plugin.
        plugin: String,
        /// Why not.
        error: CallError,
    },
    /// This program was built without the transport.
    Transport {
        /// The plugin.
        plugin: String,
        /// The Cargo feature that it needs.
        feature: &'static str,
    },
}

impl HostError {
    /// The plugin that can't be used, if it is one alone.
    pub fn plugin(&self) -> Option<&str> {
        match self {
            Self::Configuration { .. } => None,
            Self::NotFound { plugin }
            | Self::RemoteConfiguration { plugin, .. }
            | Self::Connect { plugin, .. }
            | Self::Transport { plugin, .. } => Some(plugin),
        }
    }
}

/// One line, or one for each problem of a configuration, with control characters as `\u{1b}`.
impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Configuration { problems } = self {
            let problems: Vec<_> = problems.iter().map(|problem| visible(problem)).collect();
            return formatter.write_str(&problems.join("\n"));
        }
        let formatter = &mut Visible(formatter);
        match self {
            Self::Configuration { .. } => Ok(()),
            Self::NotFound { plugin } => write!(
                formatter,
                "{plugin}: the server has no plugin of this name; `name` must be that in the server's file"
            ),
            Self::RemoteConfiguration { plugin, problems } => write!(
                formatter,
                "{plugin}: the configuration that the server reports can't be used: {}",
                problems.join("; ")
            ),
            Self::Connect { plugin, error } => write!(formatter, "{plugin}: {error}"),
            Self::Transport { plugin, feature } => write!(
                formatter,
                "{plugin}: this program has no such transport; build plugin-sdk with the feature `{feature}`"
            ),
        }
    }
}

impl Error for HostError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect { error, .. } => Some(error),
            _ => None,
        }
    }
}
