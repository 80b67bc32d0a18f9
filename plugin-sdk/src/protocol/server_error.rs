//! The errors that servers answer with by themselves, and how hosts know them.

use std::{borrow::Cow, time::Duration};

use super::{code::INVALID_PARAMS, error::ReportedError};
use crate::{codec::CodecError, error::PluginError, value::Map};

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

/// Servers have no code for what they can't find, but always the same words:
/// `Unable to find {hook} for plugin {plugin_name}.  Make sure the plugin is registered.`
const NOT_FOUND: (&str, &str) = ("Unable to find ", "Make sure the plugin is registered.");

/// Details of an error about size, which tell the server's from one of a plugin with the same code.
const SIZE: &str = "size";
const LIMIT: &str = "limit";

/// A name out of a request, which may be of any length, for a message.
fn shortened(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 200;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

impl ReportedError {
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
        let (begin, end) = NOT_FOUND;
        Self::new(
            &*plugin_name,
            format!("{begin}{hook} for plugin {plugin_name}.  {end}"),
        )
    }

    /// Whether the server has no such plugin, or the plugin no such hook.
    pub(crate) fn is_not_found(&self) -> bool {
        let (begin, end) = NOT_FOUND;
        self.code.is_empty() && self.message.starts_with(begin) && self.message.ends_with(end)
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

    pub(crate) fn timeout(plugin_name: &str, limit: Duration) -> Self {
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
        let mut error = Self::new(shortened(plugin_name), message);
        error.mcp_error_code = INVALID_PARAMS;
        error
    }

    pub(crate) fn busy(message: &str) -> Self {
        Self::new("", message).with_code(code::BUSY)
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
        Self::new("", "the server is about to stop").with_code(code::STOPPING)
    }

    /// Whether the server stops, and no plugin saw the request.
    pub(crate) fn is_stopping(&self) -> bool {
        self.code == code::STOPPING
    }

    pub(crate) fn request_too_large(size: usize, limit: usize) -> Self {
        let message = format!("the request has {size} bytes, more than the {limit} that are read");
        Self::over_limit("", &message, size, limit, "PLUGINS_MAX_MESSAGE_SIZE")
    }

    pub(crate) fn too_large(plugin_name: &str, size: usize, limit: usize, setting: &str) -> Self {
        let message = format!("the answer has {size} bytes, more than the {limit} that may be sent");
        Self::over_limit(plugin_name, &message, size, limit, setting)
    }

    fn over_limit(plugin_name: &str, message: &str, size: usize, limit: usize, setting: &str) -> Self {
        let message = format!("{message} ({setting})");
        let mut error = Self::new(shortened(plugin_name), message).with_code(code::TOO_LARGE);
        error.details = Map::from([(SIZE, size), (LIMIT, limit)]);
        error
    }

    /// Whether the server says that a message is too large. Plugins choose their codes themselves, and may choose this one.
    pub(crate) fn is_too_large(&self) -> bool {
        self.code == code::TOO_LARGE && [SIZE, LIMIT].iter().all(|key| self.details.contains_key(key))
    }

    /// The Python server's answer to what it does not know, to the byte; it tells clients which extensions a server lacks.
    pub(crate) fn unknown_message() -> Self {
        Self {
            message: "Unknown message type".into(),
            code: code::UNKNOWN_MESSAGE.into(),
            ..Self::default()
        }
    }

    /// Whether the request is none that the server knows. An error of a plugin, which has a name, may have the same code.
    pub(crate) fn is_unknown_message(&self) -> bool {
        self.plugin_name.is_empty() && self.code == code::UNKNOWN_MESSAGE
    }
}
