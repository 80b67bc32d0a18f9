//! What the commands do.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use tracing::Level;

use super::cli::{Cli, Command, Flags, ServeArguments};
use super::configuration::Configuration;
use super::{check, describe, health, invoke, logging, serve, stanza, transports};
use crate::environment::Environment;
use crate::plugin::PluginKind;

/// Why a command cannot be carried out: a line for each reason.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Vec<String>);

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self(vec![reason])
    }
}

/// Carries out a command line.
pub(crate) fn execute(kinds: Vec<PluginKind>, cli: Cli, program: clap::Command) -> Result<ExitCode, Failure> {
    for (index, kind) in kinds.iter().enumerate() {
        let name = &kind.manifest.kind;
        if kinds[..index]
            .iter()
            .any(|earlier| earlier.manifest.kind == *name)
        {
            return Err(format!(
                "two plugins of this program have the kind \"{name}\"; rename one with #[plugin(kind = ...)]"
            )
            .into());
        }
    }
    let environment = Environment::read();
    let flag = cli.common().and_then(|common| common.log_level.as_deref());
    let level = logging::level(flag, &environment)?;
    logging::start(level.unwrap_or(match &cli.command {
        // Its one line of output is what a probe reports.
        Some(Command::Health(_)) => Level::ERROR,
        None | Some(Command::Serve(_)) => Level::INFO,
        Some(_) => Level::WARN,
    }));
    match cli.command {
        None => serve(kinds, &cli.serve, &environment),
        Some(Command::Serve(arguments)) => serve(kinds, &arguments, &environment),
        Some(Command::Invoke(arguments)) => {
            let file = arguments.common.config.as_deref();
            let configuration = load(kinds, file, &Flags::new(), &environment)?;
            let answer = invoke::invoke(configuration, &arguments)?;
            print(&answer.text)?;
            Ok(if answer.is_result {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Some(Command::Manifest(arguments)) => {
            let text = describe::manifests(&kinds, arguments.format)?;
            print(&text)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::GatewayConfig(arguments)) => {
            let transport = arguments.transport.unwrap_or(transports::DEFAULT);
            transports::served(transport)?;
            let file = arguments.common.config.as_deref();
            let configuration = load(kinds, file, &arguments.addresses.flags(), &environment)?;
            let text = stanza::stanza(&configuration, transport)?;
            print(&text)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Check(arguments)) => {
            let file = arguments.common.config.as_deref();
            check(kinds, file, &arguments.addresses.flags(), &environment)
        }
        Some(Command::Health(arguments)) => {
            let flags = arguments.addresses.flags();
            let mut transports = transports::named(&arguments.transport, &environment, &flags)?;
            if transports.is_empty() {
                transports.push(transports::DEFAULT);
            }
            let configuration = load(kinds, arguments.common.config.as_deref(), &flags, &environment)?;
            let text = health::health(
                &configuration.settings,
                &transports,
                arguments.timeout,
                &environment,
            )?;
            print(&text)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Completions(arguments)) => {
            print(&completions(arguments.shell, program))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn serve(
    kinds: Vec<PluginKind>,
    arguments: &ServeArguments,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let flags = arguments.flags();
    let transports = transports::chosen(&arguments.transport, environment, &flags)?;
    let file = arguments.common.config.as_deref();
    let configuration = load(kinds, file, &flags, environment)?;
    if configuration.instances.is_empty() {
        tracing::warn!("no plugin is configured: every call will be answered with an error");
    }
    serve::serve(&configuration, &transports)?;
    Ok(ExitCode::SUCCESS)
}

/// Loads a configuration that has to be right.
fn load(
    kinds: Vec<PluginKind>,
    file: Option<&Path>,
    flags: &Flags,
    environment: &Environment,
) -> Result<Configuration, Failure> {
    let (configuration, findings) = Configuration::load(kinds, file, flags, environment);
    for warning in &findings.warnings {
        tracing::warn!("{warning}");
    }
    if findings.problems.is_empty() {
        Ok(configuration)
    } else {
        Err(Failure(findings.problems))
    }
}

fn check(
    kinds: Vec<PluginKind>,
    file: Option<&Path>,
    flags: &Flags,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let (configuration, mut findings) = Configuration::load(kinds, file, flags, environment);
    let transports = transports::named(&[], environment, flags)?;
    let subject = check::Subject {
        configuration: &configuration,
        transports: &transports,
        flags,
        environment,
    };
    let working = subject.look(&mut findings)?;
    let labelled = [
        ("error", &findings.problems),
        ("warning", &findings.warnings),
        ("ok", &working),
    ];
    for (label, lines) in labelled {
        lines
            .iter()
            .try_for_each(|line| print(&format!("{label}: {line}\n")))?;
    }
    Ok(if findings.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The script for a shell, as text: written to the end, or not at all.
fn completions(shell: clap_complete::Shell, mut program: clap::Command) -> String {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Writes a command's output. A reader that has seen enough is no error.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("stdout cannot be written: {error}").into())
        }
        _ => Ok(()),
    }
}
