//! Errors as texts, with their causes.

use std::error::Error;

/// The message of an error and those of its causes. A cause that the message ends with already is not repeated.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !message.ends_with(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = cause.source();
    }
    message
}

/// Shows errors by their messages, also where only `Debug` is asked for: `main` does so with an error that it returns.
macro_rules! debug_by_message {
    ($($error:ty),*) => {
        $(
            /// The message, with those of the causes, as `main` shows an error that it returns.
            impl std::fmt::Debug for $error {
                fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str(&$crate::causes::with_causes(self))
                }
            }
        )*
    };
}
pub(crate) use debug_by_message;
