//! Which transports are served.

use super::cli::{Flags, Transport};
use crate::environment::Environment;

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
) -> Result<Vec<Transport>, String> {
    let mut transports = named(arguments, environment, flags)?;
    if transports.is_empty() {
        transports.push(unnamed());
    }
    transports.iter().try_for_each(|transport| served(*transport))?;
    Ok(transports)
}

/// The transports of the command line, else those of `PLUGINS_TRANSPORT`, else those whose flags are given.
pub(crate) fn named(
    arguments: &[Transport],
    environment: &Environment,
    flags: &Flags,
) -> Result<Vec<Transport>, String> {
    let mut transports = arguments.to_vec();
    if let (true, Some((name, text))) = (arguments.is_empty(), environment.get(&["PLUGINS_TRANSPORT"])) {
        for word in text.split(',').map(str::trim) {
            let transport = <Transport as clap::ValueEnum>::from_str(word, true).map_err(|_| {
                format!("{name}: \"{word}\" is not a transport; allowed: unix, grpc, http, stdio")
            })?;
            transports.push(transport);
        }
    }
    if transports.is_empty() {
        transports.extend(flags.iter().filter_map(|(flag, _)| of_flag(flag)));
    }
    let mut seen = Vec::new();
    transports.retain(|transport| {
        !seen.contains(transport) && {
            seen.push(*transport);
            true
        }
    });
    Ok(transports)
}

/// The transport that a flag sets up, unless it is for all of them.
fn of_flag(flag: &str) -> Option<Transport> {
    match flag.split('-').next() {
        Some("socket") => Some(Transport::Unix),
        Some("grpc") => Some(Transport::Grpc),
        Some("http") => Some(Transport::Http),
        _ => None,
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

    #[test]
    fn transports_come_from_flags_then_from_the_environment_then_from_what_is_set_up() {
        let environment = |text: &str| {
            Environment::new(
                [("PLUGINS_TRANSPORT".to_owned(), text.to_owned())].into_iter(),
                &[],
            )
        };
        let none = Flags::new();
        let socket = vec![
            ("socket-mode", "0660".to_owned()),
            ("call-timeout", "1".to_owned()),
        ];
        let unix = || Ok(vec![Transport::Unix]);
        assert_eq!(chosen(&[], &environment("UNIX"), &none), unix());
        assert_eq!(chosen(&[Transport::Unix], &environment("grpc"), &none), unix());
        assert_eq!(
            chosen(&[], &environment("unix, grpc,unix"), &none),
            Ok(vec![Transport::Unix, Transport::Grpc])
        );
        assert_eq!(chosen(&[], &Environment::default(), &socket), unix());
        assert_eq!(
            chosen(&[], &environment("grpc"), &socket),
            Ok(vec![Transport::Grpc])
        );
        assert_eq!(
            chosen(&[], &environment("tcp"), &none).unwrap_err(),
            "PLUGINS_TRANSPORT: \"tcp\" is not a transport; allowed: unix, grpc, http, stdio"
        );
    }
}
