//! Which transports are served.

use clap::ValueEnum;

use super::settings::{Flags, Transport, launcher::TRANSPORT};
use crate::{environment::Environment, nearest};

/// The transport that is meant where none is named.
pub(crate) const DEFAULT: Transport = if cfg!(feature = "mcp") {
    Transport::Http
} else if cfg!(feature = "unix") {
    Transport::Unix
} else {
    Transport::Grpc
};

/// The transports to serve: those that are [`named`]; else standard input and output if they lead to another program, as on the
/// Python server.
pub(crate) fn chosen(
    arguments: &[Transport],
    environment: &Environment,
    flags: &Flags,
    warnings: &mut Vec<String>,
) -> Result<Vec<Transport>, String> {
    let mut transports = named(arguments, environment, flags, warnings)?;
    if transports.is_empty() {
        transports.push(unnamed());
    }
    Ok(transports)
}

/// The transports of the command line, else those of `PLUGINS_TRANSPORT`, else those whose flags are given. This build has them
/// all.
pub(crate) fn named(
    arguments: &[Transport],
    environment: &Environment,
    flags: &Flags,
    warnings: &mut Vec<String>,
) -> Result<Vec<Transport>, String> {
    let mut transports = arguments.to_vec();
    if transports.is_empty() {
        transports = of_variable(environment, warnings)?;
    }
    if transports.is_empty() {
        transports.extend(flags.iter().filter_map(|(setting, _)| setting.group.transport));
    }
    let mut seen = Vec::new();
    transports.retain(|transport| {
        !seen.contains(transport) && {
            seen.push(*transport);
            true
        }
    });
    transports.iter().try_for_each(|transport| served(*transport))?;
    Ok(transports)
}

/// The transports of `PLUGINS_TRANSPORT`. The Python server takes every word but `stdio` for HTTP, and existing files rely on it.
/// A word that is nearly one of ours is a slip all the same.
fn of_variable(environment: &Environment, warnings: &mut Vec<String>) -> Result<Vec<Transport>, String> {
    let Some((name, text)) = TRANSPORT.in_environment(environment) else {
        return Ok(Vec::new());
    };
    let known = || {
        Transport::value_variants()
            .iter()
            .map(|transport| transport.name())
    };
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            if let Ok(transport) = Transport::from_str(word, true) {
                return Ok(transport);
            }
            if nearest::nearest(word, known()).is_some() {
                return Err(format!("{name}: {}", nearest::unknown("transport", word, known())));
            }
            let known = known().collect::<Vec<_>>().join(", ");
            warnings.push(format!(
                "{name}: \"{word}\" is not a transport, so MCP over HTTP is served, as by the Python server; write http to \
                 silence this (known: {known})"
            ));
            Ok(Transport::Http)
        })
        .collect()
}

/// The transport of a command that takes one.
pub(crate) fn only(arguments: &[Transport]) -> Result<Option<Transport>, String> {
    match arguments {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        _ => Err("--transport: this command takes one transport; call it once for each".to_owned()),
    }
}

#[cfg(not(feature = "mcp"))]
fn unnamed() -> Transport {
    DEFAULT
}

/// A host that starts a server for itself says nothing but through standard input. That of a daemon is `/dev/null`, where the
/// Python server would find the end of its input and stop.
#[cfg(feature = "mcp")]
fn unnamed() -> Transport {
    use std::os::{fd::AsFd, unix::fs::FileTypeExt};

    let stdin = std::io::stdin();
    let file = stdin.as_fd().try_clone_to_owned().map(std::fs::File::from);
    let kind = file.and_then(|file| Ok(file.metadata()?.file_type()));
    match kind {
        Ok(kind) if kind.is_fifo() || kind.is_socket() || kind.is_file() => Transport::Stdio,
        _ => DEFAULT,
    }
}

/// Whether this build serves the transport.
pub(crate) fn served(transport: Transport) -> Result<(), String> {
    let feature = match transport {
        Transport::Unix if cfg!(feature = "unix") => return Ok(()),
        Transport::Grpc if cfg!(feature = "grpc") => return Ok(()),
        Transport::Http | Transport::Stdio if cfg!(feature = "mcp") => return Ok(()),
        Transport::Unix => "unix",
        Transport::Grpc => "grpc",
        Transport::Http | Transport::Stdio => "mcp",
    };
    Err(format!(
        "this build has no transport {}: enable the feature {feature} of plugin-sdk",
        transport.name()
    ))
}

#[cfg(all(test, feature = "unix", feature = "grpc"))]
mod tests {
    use super::*;
    use crate::launch::settings::all;

    #[test]
    fn transports_come_from_flags_then_from_the_environment_then_from_what_is_set_up() {
        let environment = |text: &str| {
            Environment::new(
                [("PLUGINS_TRANSPORT".to_owned(), text.to_owned())].into_iter(),
                &[],
            )
        };
        let none = Flags::new();
        let flag = |name: &str, text: &str| {
            let mut settings = all();
            let setting = settings.find(|setting| setting.flag().as_deref() == Some(name));
            (setting.unwrap(), text.to_owned())
        };
        let socket = vec![flag("socket-mode", "0660"), flag("call-timeout", "1")];
        let chosen = |arguments: &[Transport], environment: &Environment, flags: &Flags| {
            let mut warnings = Vec::new();
            let chosen = chosen(arguments, environment, flags, &mut warnings);
            assert!(warnings.is_empty(), "{warnings:?}");
            chosen
        };
        let unix = || Ok(vec![Transport::Unix]);
        assert_eq!(chosen(&[], &environment("UNIX"), &none), unix());
        assert_eq!(chosen(&[Transport::Unix], &environment("grpc"), &none), unix());
        assert_eq!(
            chosen(&[], &environment("unix, grpc,unix,"), &none),
            Ok(vec![Transport::Unix, Transport::Grpc])
        );
        assert_eq!(chosen(&[], &Environment::default(), &socket), unix());
        assert_eq!(chosen(&[], &environment(" , "), &socket), unix());
        assert_eq!(
            chosen(&[], &environment("grpc"), &socket),
            Ok(vec![Transport::Grpc])
        );
    }
}
