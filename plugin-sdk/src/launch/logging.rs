//! The log: lines on stderr. Stdout belongs to `READY`, to results and to the stdio transport.

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use tracing::Level;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
};

use crate::dispatch::guard;
use crate::environment::Environment;
use crate::nearest::unknown;

const LEVELS: [&str; 7] = ["TRACE", "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL"];

/// The level from `--log-level`, else from `PLUGINS_LOG_LEVEL`, by the names of Python's levels in any case.
pub(crate) fn level(flag: Option<&str>, environment: &Environment) -> Result<Option<Level>, String> {
    let given = flag
        .map(|text| ("--log-level", text))
        .or_else(|| environment.get(&["PLUGINS_LOG_LEVEL"]));
    let Some((source, text)) = given else {
        return Ok(None);
    };
    let level = match text.trim().to_uppercase().as_str() {
        "TRACE" | "NOTSET" => Level::TRACE,
        "DEBUG" => Level::DEBUG,
        "INFO" => Level::INFO,
        "WARNING" | "WARN" => Level::WARN,
        "ERROR" | "CRITICAL" | "FATAL" => Level::ERROR,
        _ => return Err(format!("{source}: {}", unknown("level", text, LEVELS))),
    };
    Ok(Some(level))
}

/// Starts the log. A subscriber that the program has already installed stays.
pub(crate) fn start(level: Level) {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_max_level(level)
        .finish()
        .with(targets(level));
    // It fails only if there is one already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    panic::set_hook(Box::new(log_panic));
}

/// The library of MCP tells of every request several times, with what is in it, and takes a client that hangs up for an error. What
/// matters of it is answered to the client, and logged where the tools are called.
fn targets(level: Level) -> Targets {
    let of_library = match level {
        Level::TRACE => LevelFilter::TRACE,
        Level::DEBUG => LevelFilter::WARN,
        _ => LevelFilter::OFF,
    };
    Targets::new().with_default(level).with_target("rmcp", of_library)
}

/// A panic of a plugin becomes an error answer for that call, and whoever catches it logs it. Of any other the log gets one line, no
/// backtrace. What a panic says may hold values, so that it is told at DEBUG only.
fn log_panic(panic: &PanicHookInfo<'_>) {
    if guard::note(panic.location()) {
        return;
    }
    let place = panic
        .location()
        .map(|place| format!(" at {}:{}", place.file(), place.line()));
    tracing::error!("a thread panicked{}", place.unwrap_or_default());
    let message = guard::message(panic.payload()).replace(['\n', '\r'], " ");
    tracing::debug!("the panic of the thread says: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_the_names_of_python_in_any_case() {
        let variables = [("PLUGINS_LOG_LEVEL".to_owned(), "warning".to_owned())];
        let environment = Environment::new(variables.into_iter(), &[]);
        assert_eq!(level(None, &Environment::default()), Ok(None));
        assert_eq!(level(None, &environment), Ok(Some(Level::WARN)));
        assert_eq!(level(Some("Critical"), &environment), Ok(Some(Level::ERROR)));
        let message = level(Some("debgu"), &environment).unwrap_err();
        assert!(
            message.starts_with("--log-level: unknown level \"debgu\", did you mean \"DEBUG\"?"),
            "{message}"
        );
    }
}
