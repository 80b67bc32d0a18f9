//! The command line.

mod arguments;
mod program;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{ArgMatches, ValueEnum, builder::PossibleValue, error::ErrorKind, parser::ValueSource};

pub(crate) use self::program::program;
use super::settings::{
    Flags, Setting, Transport, all,
    launcher::{CONFIG, LOG_LEVEL, TRANSPORT},
};

/// What a command line asks for.
#[derive(Debug)]
pub(crate) struct Cli {
    pub(crate) command: Command,
    pub(crate) config: Option<PathBuf>,
    pub(crate) log_level: Option<String>,
    pub(crate) transports: Vec<Transport>,
    pub(crate) flags: Flags,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    Serve,
    Invoke(InvokeArguments),
    Manifest(Format),
    GatewayConfig,
    Check { strict: bool },
    Health { timeout: Duration },
    Completions(clap_complete::Shell),
}

/// Arguments of `invoke`.
#[derive(Debug)]
pub(crate) struct InvokeArguments {
    pub(crate) hook: String,
    pub(crate) payload: String,
    pub(crate) context: Option<String>,
    pub(crate) plugin: Option<String>,
}

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Yaml,
    Json,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Yaml, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }))
    }
}

/// Reads the words of a command line for `program`.
pub(crate) fn parse(program: &clap::Command, words: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = program.clone().try_get_matches_from(words)?;
    let is_given = |argument: &&clap::Arg| {
        matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    if let Some(command) = matches.subcommand_name()
        && let Some(stray) = program
            .get_arguments()
            .filter(|argument| !argument.is_global_set())
            .find(is_given)
    {
        let message = format!(
            "--{} belongs behind the command: {} {command} --{0} ...",
            stray.get_long().unwrap_or_default(),
            program.get_name()
        );
        return Err(program.clone().error(ErrorKind::ArgumentConflict, message));
    }
    let (command, matches) = matches.subcommand().unwrap_or(("serve", &matches));
    let flags = all().filter_map(|setting| {
        // Not every command has it.
        let text = matches.try_get_one::<String>(&id(setting)).ok()??;
        Some((setting, text.clone()))
    });
    Ok(Cli {
        command: Command::read(command, matches),
        config: one(matches, &id(&CONFIG)),
        log_level: one(matches, &id(&LOG_LEVEL)),
        transports: matches
            .get_many(&id(&TRANSPORT))
            .into_iter()
            .flatten()
            .copied()
            .collect(),
        flags: flags.collect(),
    })
}

impl Command {
    /// What clap made of a command. What it insists on, or has a default for, is always there.
    fn read(name: &str, matches: &ArgMatches) -> Self {
        match name {
            "invoke" => Self::Invoke(InvokeArguments {
                hook: one(matches, "hook").unwrap_or_default(),
                payload: one(matches, "payload").unwrap_or_default(),
                context: one(matches, "context"),
                plugin: one(matches, "plugin"),
            }),
            "manifest" => Self::Manifest(one(matches, "format").unwrap_or(Format::Yaml)),
            "gateway-config" => Self::GatewayConfig,
            "check" => Self::Check {
                strict: matches.get_flag("strict"),
            },
            "health" => Self::Health {
                timeout: one(matches, "timeout").unwrap_or_default(),
            },
            "completions" => Self::Completions(one(matches, "shell").unwrap_or(clap_complete::Shell::Bash)),
            _ => Self::Serve,
        }
    }
}

/// What clap knows the flag of a setting by.
fn id(setting: &Setting) -> String {
    setting.flag().unwrap_or_default()
}

/// The value of an argument that takes one.
fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.get_one(name).cloned()
}

#[cfg(test)]
mod tests;
