//! What a hook returns when it fails.

use std::{error::Error, fmt};

use crate::{
    causes::with_causes,
    value::{Map, Value},
    violation::PluginViolation,
};

/// A failure of a plugin, in contrast to a denial, which is a result ([protocol, section
/// 8](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#8-errors-and-timeouts)).
///
/// The host decides by the plugin's `on_error` what becomes of the call: by default the caller gets the error.
///
/// `?` in hooks works on every error that a `Box<dyn Error + Send + Sync>` can be made of: each type that implements
/// [`Error`], such boxes themselves, texts, and `anyhow::Error`. The message is then the error's and its sources'.
///
/// A [`PluginViolation`] that is returned as an error denies the call, also in such a box. In an `anyhow::Error` it is an error
/// like any other, because nothing can be seen of it there.
///
/// ```
/// use plugin_sdk::PluginError;
///
/// fn port(text: &str) -> Result<u16, PluginError> {
///     Ok(text.parse()?)
/// }
///
/// assert_eq!(port("x").unwrap_err().message(), "invalid digit found in string");
/// let error = PluginError::new("the policy server is down").with_code("POLICY_UNAVAILABLE").with_detail("attempts", 3);
/// assert_eq!(error.code(), "POLICY_UNAVAILABLE");
/// ```
pub struct PluginError(Box<Inner>);

struct Inner {
    message: String,
    code: String,
    details: Map,
    mcp_error_code: i32,
    violation: Option<PluginViolation>,
    setting: Option<WrongSetting>,
}

/// A setting that is not what the plugin reads it as.
pub(crate) struct WrongSetting {
    /// Its key in the entry of the plugin: `config.words[0].search`.
    pub(crate) key: String,
    pub(crate) problem: String,
}

/// JSON-RPC's "internal error": what hosts take where a plugin sets nothing else.
pub(crate) const INTERNAL_ERROR: i32 = -32603;

impl PluginError {
    /// An error with this message, no code, no details, and the MCP error code -32603.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            message: message.into(),
            code: String::new(),
            details: Map::new(),
            mcp_error_code: INTERNAL_ERROR,
            violation: None,
            setting: None,
        }))
    }

    /// What is wrong with the settings, at this path in them.
    pub(crate) fn of_setting(path: &str, problem: String) -> Self {
        let (message, key) = match path {
            "" => (format!("config: {problem}"), "config".to_owned()),
            path => (format!("config: {path}: {problem}"), format!("config.{path}")),
        };
        let mut error = Self::new(message);
        error.0.setting = Some(WrongSetting { key, problem });
        error
    }

    /// Sets the code for programs.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = code.into();
        self
    }

    /// Adds one of the details.
    #[must_use]
    pub fn with_detail(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.details.insert(key.into(), value.into());
        self
    }

    /// Sets all details.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<Map>) -> Self {
        self.0.details = details.into();
        self
    }

    /// Sets the code of the JSON-RPC error that the gateway answers with.
    #[must_use]
    pub fn with_mcp_error_code(mut self, code: i32) -> Self {
        self.0.mcp_error_code = code;
        self
    }

    /// What went wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The code for programs; empty if there is none.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Whatever helps to understand the error.
    pub fn details(&self) -> &Map {
        &self.0.details
    }

    /// The code of the JSON-RPC error.
    pub fn mcp_error_code(&self) -> i32 {
        self.0.mcp_error_code
    }

    /// The violation that was returned as an error.
    pub(crate) fn into_violation(mut self) -> Result<PluginViolation, Self> {
        self.0.violation.take().ok_or(self)
    }

    /// The setting that is wrong.
    pub(crate) fn into_setting(mut self) -> Result<WrongSetting, Self> {
        self.0.setting.take().ok_or(self)
    }
}

/// What `?` can make a [`PluginError`] of.
///
/// A trait of its own, so that the compiler's message names the way out.
#[diagnostic::on_unimplemented(
    message = "no `PluginError` can be made of `{Self}`",
    label = "an error has to be `Send` and `Sync`, and implement `std::error::Error`: otherwise write \
             `.map_err(|error| PluginError::new(error.to_string()))?`"
)]
pub trait IntoError {
    /// The error itself.
    #[doc(hidden)]
    fn into_error(self) -> Box<dyn Error + Send + Sync>;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> IntoError for E {
    fn into_error(self) -> Box<dyn Error + Send + Sync> {
        self.into()
    }
}

impl<E: IntoError> From<E> for PluginError {
    fn from(error: E) -> Self {
        let error = error.into_error();
        let mut converted = Self::new(with_causes(&*error));
        converted.0.violation = error
            .downcast::<PluginViolation>()
            .ok()
            .map(|violation| *violation);
        converted
    }
}

/// The message.
impl fmt::Display for PluginError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

/// The message and the code, as `main` shows an error that it returns.
impl fmt::Debug for PluginError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)?;
        if !self.0.code.is_empty() {
            write!(formatter, " ({})", self.0.code)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, PluginError, PluginViolation};

    #[test]
    fn a_violation_denies_also_in_a_box() {
        let violation = PluginViolation::new("forbidden", "FORBIDDEN");
        let plain = PluginError::from(violation.clone());
        let boxed = PluginError::from(Box::<dyn Error + Send + Sync>::from(violation.clone()));
        assert_eq!(plain.into_violation().unwrap(), violation);
        assert_eq!(boxed.into_violation().unwrap(), violation);
        let text = Box::<dyn Error + Send + Sync>::from("no violation");
        assert_eq!(
            PluginError::from(text).into_violation().unwrap_err().message(),
            "no violation"
        );
    }
}
