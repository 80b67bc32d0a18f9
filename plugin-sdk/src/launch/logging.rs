//! The log: lines on stderr. Stdout belongs to `READY`, to results and to the stdio transport.

use std::{
    fmt::Write as _,
    io,
    panic::{self, PanicHookInfo},
};

use tracing::Level;
use tracing_subscriber::{
    field::MakeExt,
    filter::{LevelFilter, Targets},
    fmt::{FormatFields, format},
    layer::SubscriberExt,
};

use super::{colours::has_colours, log::Log, settings::launcher::LOG_LEVEL};
use crate::{
    dispatch::guard, environment::Environment, nearest::unknown, repeated::limited, visible::Visible,
};

/// Libraries that warn of what a client sends, as often as it sends it. What matters of it the server says itself, within a rate. Their
/// warnings are heard from DEBUG on.
const LIBRARIES: [&str; 5] = ["h2::", "hyper::", "hyper_util::", "rustls::", "tonic::"];
const LEVELS: [&str; 7] = ["TRACE", "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL"];

/// The level from `--log-level`, else from `PLUGINS_LOG_LEVEL`, by the names of Python's levels in any case.
pub(crate) fn level(flag: Option<&str>, environment: &Environment) -> Result<Option<Level>, String> {
    let given = flag
        .map(|text| ("--log-level".to_owned(), text))
        .or_else(|| LOG_LEVEL.in_environment(environment));
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
pub(crate) fn start(level: Level) -> Result<(), String> {
    let log = Log::of_process().ok_or("the log cannot be started: there is no thread for it")?;
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || log)
        .with_ansi(has_colours(&io::stderr()))
        .fmt_fields(fields())
        .with_max_level(level)
        .finish()
        .with(targets(level));
    // It fails only if there is one already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// What is logged at a level.
fn targets(level: Level) -> Targets {
    let libraries = if level >= Level::DEBUG {
        LevelFilter::from_level(level)
    } else {
        LevelFilter::ERROR
    };
    Targets::new()
        .with_default(level)
        .with_targets(LIBRARIES.map(|library| (library, libraries)))
}

/// The fields of a line. What is in them may come from anybody, and stays in its line.
fn fields() -> impl for<'writer> FormatFields<'writer> + Send + Sync + 'static {
    format::debug_fn(|writer, field, value| {
        match (field.name(), writer.has_ansi_escapes()) {
            ("message", _) => {}
            (name, true) => write!(writer, "\u{1b}[3m{name}\u{1b}[0m\u{1b}[2m=\u{1b}[0m")?,
            (name, false) => write!(writer, "{name}=")?,
        }
        write!(Visible(writer), "{value:?}")
    })
    .delimited(" ")
}

/// A panic of a plugin becomes an error answer for that call, and is logged where it is caught. Of any other the log gets one line, no
/// backtrace. What a panic says may hold values, so that it is told at DEBUG only.
fn log_panic(panic: &PanicHookInfo<'_>) {
    if guard::note(panic.location()) {
        return;
    }
    let place = panic
        .location()
        .map(|place| format!(" at {}:{}", place.file(), place.line()));
    limited!(error, kind: "panics of threads"; "a thread panicked{}", place.unwrap_or_default());
    tracing::debug!(
        "the panic of the thread says: {}",
        guard::message(panic.payload())
    );
    // One that ends the process should be in the log by then.
    if let Some(log) = Log::of_process() {
        log.finish_panic();
    }
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
