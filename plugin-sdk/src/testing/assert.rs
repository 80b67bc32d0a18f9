//! What a result has to be, and messages that show what it is.

use std::fmt;

use serde::Serialize;

use super::difference::{comparable, difference, pretty};
use crate::{error::PluginError, host::CallError, result::PluginResult, violation::PluginViolation};

/// Checks of what a hook answered: of a [`TestPlugin`](super::TestPlugin), of a hook method that is called as it is, and of a
/// plugin that is called with [`host`](crate::host).
///
/// A check that does not hold panics with what was expected, what was there, and the difference, at the line of the test.
///
/// ```
/// use plugin_sdk::{HookResult, PluginResult, PluginViolation, prelude::ToolPreInvokePayload, testing::AssertResult};
///
/// let denial: HookResult<ToolPreInvokePayload> =
///     Ok(PluginResult::deny(PluginViolation::new("Too many requests", "RATE_LIMIT").with_detail("limit", 10)));
/// assert_eq!(denial.assert_denied("RATE_LIMIT").details["limit"], 10);
///
/// let changed = PluginResult::modify_payload(ToolPreInvokePayload::new("search").with_arg("query", "crab"));
/// assert_eq!(changed.assert_modified().args["query"], "crab");
/// changed.assert_modified_to(serde_json::json!({"name": "search", "args": {"query": "crab"}}));
/// ```
pub trait AssertResult<T: Serialize + 'static> {
    /// The result, or the code and the text of the error in its place.
    #[doc(hidden)]
    fn answer(&self) -> Result<&PluginResult<T>, Failed>;

    /// The call passes with its payload as it was.
    #[track_caller]
    fn assert_allowed(&self) -> &PluginResult<T> {
        match self.answer() {
            Ok(result) if result.continue_processing && result.modified_payload.is_none() => result,
            answer => wrong("the call to pass as it is", &answer),
        }
    }

    /// The call is denied with this code.
    #[track_caller]
    fn assert_denied(&self, code: &str) -> &PluginViolation {
        let expected = format!("a denial with the code \"{code}\"");
        match self.answer() {
            Ok(PluginResult {
                continue_processing: false,
                violation: Some(violation),
                ..
            }) if violation.code == code => violation,
            answer => wrong(&expected, &answer),
        }
    }

    /// The call passes with another payload, which is given back.
    #[track_caller]
    fn assert_modified(&self) -> &T {
        match self.answer() {
            Ok(PluginResult {
                continue_processing: true,
                modified_payload: Some(payload),
                ..
            }) => payload,
            answer => wrong("the call to pass with another payload", &answer),
        }
    }

    /// The call passes with this payload in the place of its own. It may be written as JSON, too.
    #[track_caller]
    fn assert_modified_to(&self, expected: impl Serialize)
    where
        Self: Sized,
    {
        let expected = comparable(&expected);
        let found = comparable(self.assert_modified());
        if expected != found {
            fail(&format!(
                "the payload is not the expected one\n{}",
                difference(["expected", "found"], &expected, &found)
            ));
        }
    }

    /// The hook fails, with this code; `""` for an error that has none.
    #[track_caller]
    fn assert_failed(&self, code: &str) {
        let expected = format!("an error with the code \"{code}\"");
        match self.answer() {
            Err(failed) if failed.code == code => {}
            answer => wrong(&expected, &answer),
        }
    }
}

/// An error, as a check looks at it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Failed {
    code: String,
    message: String,
}

impl<T: Serialize + 'static> AssertResult<T> for PluginResult<T> {
    fn answer(&self) -> Result<&PluginResult<T>, Failed> {
        Ok(self)
    }
}

impl<T: Serialize + 'static> AssertResult<T> for Result<PluginResult<T>, PluginError> {
    fn answer(&self) -> Result<&PluginResult<T>, Failed> {
        self.as_ref().map_err(|error| Failed {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
        })
    }
}

impl<T: Serialize + 'static> AssertResult<T> for Result<PluginResult<T>, CallError> {
    fn answer(&self) -> Result<&PluginResult<T>, Failed> {
        self.as_ref().map_err(|error| Failed {
            code: match error {
                CallError::Plugin(error) | CallError::NotFound(error) | CallError::Refused(error) => {
                    error.code.clone()
                }
                _ => String::new(),
            },
            message: error.to_string(),
        })
    }
}

#[track_caller]
fn wrong<T: Serialize>(expected: &str, found: &Result<&PluginResult<T>, Failed>) -> ! {
    let found: &dyn fmt::Display = match found {
        Ok(result) => &Shown(result),
        Err(failed) => &format!("an error with the code \"{}\": {}", failed.code, failed.message),
    };
    fail(&format!("expected {expected}, found {found}"))
}

/// A result in words, and in full.
struct Shown<'a, T>(&'a PluginResult<T>);

impl<T: Serialize> fmt::Display for Shown<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = self.0;
        match (&result.violation, result.continue_processing) {
            (Some(violation), false) => write!(formatter, "a denial with the code \"{}\"", violation.code)?,
            (None, false) => formatter.write_str("a denial without a violation")?,
            (_, true) if result.modified_payload.is_some() => {
                formatter.write_str("the call passing with another payload")?;
            }
            (_, true) => formatter.write_str("the call passing as it is")?,
        }
        write!(formatter, "\n{}", pretty(&comparable(result)))
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
pub(super) fn fail(message: &str) -> ! {
    panic!("{message}")
}
