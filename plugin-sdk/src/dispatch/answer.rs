//! What a call is answered with, before it takes the form of a transport.

use std::borrow::Cow;

use super::{call::Effect, counts::Counts};
use crate::{
    codec::{CodecError, Form, Sink},
    context::PluginContext,
    denial_metadata::DenialMetadata,
    error::PluginError,
    result::PluginResult,
    value::Map,
};

/// The answer to one call.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    Result {
        /// The result in the form of the transport.
        written: Vec<u8>,
        denial_metadata: Option<DenialMetadata>,
        /// Of a denial: the result with nothing but what denies the call.
        bare_denial: Option<Vec<u8>>,
        /// Only if the hook changed it.
        context: Option<Box<PluginContext>>,
        /// How it is counted once it can be sent. What was counted already has none.
        counted: Option<(&'a Counts, Effect)>,
    },
    Error(ErrorAnswer),
}

impl<'a> Answer<'a> {
    /// The denial that is left when an answer can't be sent as it is.
    pub(crate) fn take_bare_denial(&mut self) -> Option<Self> {
        match self {
            Self::Result { bare_denial, .. } => bare_denial.take().map(|written| Self::Result {
                written,
                denial_metadata: None,
                bare_denial: None,
                context: None,
                counted: None,
            }),
            Self::Error(_) => None,
        }
    }

    pub(crate) fn counted(&self) -> Option<(&'a Counts, Effect)> {
        match self {
            Self::Result { counted, .. } => *counted,
            Self::Error(_) => None,
        }
    }

    /// The answer to a failed call of a plugin whose failures the operator wants ignored: nothing but permission, in both
    /// forms of results.
    pub(crate) fn allow(form: Form) -> Self {
        let mut written = Vec::new();
        let allow = PluginResult::<()>::allow();
        match (Sink {
            out: &mut written,
            form,
            expected: 0,
        })
        .encode(&allow)
        {
            Ok(()) => Self::Result {
                written,
                denial_metadata: None,
                bare_denial: None,
                context: None,
                counted: None,
            },
            Err(error) => Self::Error(ErrorAnswer::unsendable("", "", &error)),
        }
    }
}

/// An answer in the form of a transport.
pub(crate) trait Written {
    /// Its bytes, as far as they are bounded.
    fn size(&self) -> usize;
}

impl Written for Vec<u8> {
    fn size(&self) -> usize {
        self.len()
    }
}

/// A name out of a request, which may be of any length, for a message.
fn shortened(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 200;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// The largest answer that may be sent, and the setting that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerLimit {
    pub(crate) size: usize,
    pub(crate) setting: &'static str,
}

impl AnswerLimit {
    /// The limit of the server, for a transport that has none of its own.
    pub(crate) fn of_message(size: usize) -> Self {
        Self {
            size,
            setting: "PLUGINS_MAX_MESSAGE_SIZE",
        }
    }
}

/// An error as hosts read it ([protocol, section
/// 8.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#81-errors)).
#[derive(Clone, Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) message: String,
    pub(crate) plugin_name: String,
    pub(crate) code: String,
    pub(crate) details: Map,
    pub(crate) mcp_error_code: i32,
}

/// Codes of errors that the server itself answers with. Errors that the Python server has too carry the code that it gives
/// them, which is mostly none.
pub(crate) mod code {
    /// A hook panicked.
    pub(crate) const PANIC: &str = "PLUGIN_PANIC";
    /// A hook did not end before its deadline.
    pub(crate) const TIMEOUT: &str = "PLUGIN_TIMEOUT";
    /// The answer is larger than the limit.
    pub(crate) const TOO_LARGE: &str = "MESSAGE_TOO_LARGE";
    /// A payload, a context or a result nests deeper than the limit.
    pub(crate) const TOO_DEEP: &str = "NESTING_TOO_DEEP";
    /// The result has no form on the wire.
    pub(crate) const INTERNAL: &str = "INTERNAL_ERROR";
    /// The connection has as many calls as it may, or the server as many of blocking hooks.
    pub(crate) const BUSY: &str = "TOO_MANY_CALLS";
    /// The server was told to stop.
    pub(crate) const STOPPING: &str = "SHUTTING_DOWN";
    /// The request is not one of those that the server knows.
    pub(crate) const UNKNOWN_MESSAGE: &str = "UNKNOWN_MESSAGE";
}

/// What JSON-RPC calls a request whose parameters are wrong.
const INVALID_PARAMS: i32 = -32602;

impl ErrorAnswer {
    fn new(plugin_name: &str, message: String) -> Self {
        let error = PluginError::new(message);
        Self::of_plugin(plugin_name, &error)
    }

    fn with_code(mut self, code: &str) -> Self {
        self.code = code.into();
        self
    }

    /// With the code for what is wrong with a document: one for nesting, whichever way the document goes, and `other`.
    fn about(self, error: &CodecError, other: &str) -> Self {
        self.with_code(if error.is_too_deep() {
            code::TOO_DEEP
        } else {
            other
        })
    }

    pub(crate) fn of_plugin(plugin_name: &str, error: &PluginError) -> Self {
        // Hosts overlook an error whose message is empty.
        let message = match error.message() {
            "" => "the plugin failed without saying why",
            message => message,
        };
        Self {
            message: message.into(),
            plugin_name: plugin_name.into(),
            code: error.code().into(),
            details: error.details().clone(),
            mcp_error_code: error.mcp_error_code(),
        }
    }

    /// The text is the Python server's, two spaces included; operators search for it.
    pub(crate) fn not_found(plugin_name: &str, hook: &str) -> Self {
        let (plugin_name, hook) = (shortened(plugin_name), shortened(hook));
        let message =
            format!("Unable to find {hook} for plugin {plugin_name}.  Make sure the plugin is registered.");
        Self::new(&plugin_name, message)
    }

    pub(crate) fn payload(plugin_name: &str, hook: &str, error: &CodecError) -> Self {
        Self::new(
            plugin_name,
            format!("the payload of {hook} is not valid: {error}"),
        )
        .about(error, "")
    }

    pub(crate) fn context(plugin_name: &str, error: &CodecError) -> Self {
        Self::new(plugin_name, format!("the context is not valid: {error}")).about(error, "")
    }

    pub(crate) fn timeout(plugin_name: &str, limit: std::time::Duration) -> Self {
        let message = format!("Plugin {plugin_name} exceeded {}s timeout", limit.as_secs_f64());
        Self::new(plugin_name, message).with_code(code::TIMEOUT)
    }

    pub(crate) fn panic(plugin_name: &str, hook: &str) -> Self {
        Self::new(plugin_name, format!("Plugin {plugin_name} panicked in {hook}")).with_code(code::PANIC)
    }

    pub(crate) fn unsendable(plugin_name: &str, hook: &str, error: &CodecError) -> Self {
        Self::new(
            plugin_name,
            format!("the result of {hook} can't be sent: {error}"),
        )
        .about(error, code::INTERNAL)
    }

    pub(crate) fn unsendable_context(plugin_name: &str, error: &CodecError) -> Self {
        Self::new(plugin_name, format!("the changed context can't be sent: {error}"))
            .about(error, code::INTERNAL)
    }

    /// The arguments of a tool are not those that it has.
    pub(crate) fn arguments(plugin_name: &str, message: String) -> Self {
        let mut error = Self::new(&shortened(plugin_name), message);
        error.mcp_error_code = INVALID_PARAMS;
        error
    }

    pub(crate) fn busy(message: &str) -> Self {
        Self::new("", message.to_owned()).with_code(code::BUSY)
    }

    pub(crate) fn too_many_blocking(plugin_name: &str, hook: &str, limit: usize) -> Self {
        let message = format!(
            "{hook} of plugin {plugin_name} was not called: {limit} calls of blocking hooks run or wait already \
             (PLUGINS_MAX_BLOCKING_CALLS)"
        );
        Self::new(plugin_name, message).with_code(code::BUSY)
    }

    pub(crate) fn no_answer() -> Self {
        let message = "the server failed with the call, which a plugin may have seen".to_owned();
        Self::new("", message).with_code(code::INTERNAL)
    }

    pub(crate) fn stopping() -> Self {
        Self::new("", "the server is about to stop".to_owned()).with_code(code::STOPPING)
    }

    pub(crate) fn request_too_large(size: usize, limit: usize) -> Self {
        let message = format!("the request has {size} bytes, more than the {limit} that are read");
        Self::over_limit("", &message, size, AnswerLimit::of_message(limit))
    }

    pub(crate) fn too_large(plugin_name: &str, size: usize, limit: AnswerLimit) -> Self {
        let message = format!(
            "the answer has {size} bytes, more than the {} that may be sent",
            limit.size
        );
        Self::over_limit(plugin_name, &message, size, limit)
    }

    fn over_limit(plugin_name: &str, message: &str, size: usize, limit: AnswerLimit) -> Self {
        let message = format!("{message} ({})", limit.setting);
        let mut error = Self::new(&shortened(plugin_name), message).with_code(code::TOO_LARGE);
        error.details = Map::from([("size", size), ("limit", limit.size)]);
        error
    }

    /// The Python server's answer to what it does not know, to the byte; it tells clients which extensions a server lacks.
    pub(crate) fn unknown_message() -> Self {
        Self {
            message: "Unknown message type".into(),
            plugin_name: String::new(),
            code: code::UNKNOWN_MESSAGE.into(),
            details: Map::new(),
            mcp_error_code: 0,
        }
    }
}
