//! What the commands do.

use std::path::Path;
use std::process::ExitCode;

use tracing::Level;

use super::cli::{Cli, Command};
use super::configuration::Configuration;
use super::output::{Failure, print, take_output, write};
use super::settings::{Flags, Transport};
use super::{check, describe, health, invoke, logging, serve, stanza, transports};
use crate::environment::Environment;
use crate::plugin::PluginKind;
use crate::visible::visible;

/// Carries out a command line.
pub(crate) fn execute(
    kinds: Vec<PluginKind>,
    cli: &Cli,
    program: clap::Command,
) -> Result<ExitCode, Failure> {
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
    let level = logging::level(cli.log_level.as_deref(), &environment);
    let default = match &cli.command {
        // Its one line of output is what a probe reports.
        Command::Health { .. } => Level::ERROR,
        Command::Serve => Level::INFO,
        _ => Level::WARN,
    };
    logging::start(level.clone().ok().flatten().unwrap_or(default))?;
    if !matches!(cli.command, Command::Check { .. }) {
        level.clone()?;
    }
    let load = |kinds| load(kinds, cli.config.as_deref(), &cli.flags, &environment);
    match &cli.command {
        Command::Serve => {
            let mut warnings = Vec::new();
            let transports = transports::chosen(&cli.transports, &environment, &cli.flags, &mut warnings)?;
            log(&warnings);
            let configuration = load(kinds)?;
            if configuration.instances.is_empty() {
                tracing::warn!("no plugin is configured: every call will be answered with an error");
            }
            serve::serve(&configuration, &transports)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Invoke(arguments) => {
            let output = take_output()?;
            let configuration = load(kinds)?;
            let answer = invoke::invoke(configuration, &cli.transports, arguments)?;
            write(output, &answer.text)?;
            Ok(if answer.is_result {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Manifest(format) => print(&describe::manifests(&kinds, *format)?),
        Command::GatewayConfig => {
            let named = match transports::only(&cli.transports)? {
                Some(transport) => Some(transport),
                None => transports(cli, &environment)?.first().copied(),
            };
            let transport = named.unwrap_or(transports::DEFAULT);
            transports::served(transport)?;
            let configuration = load(kinds)?;
            print(&stanza::stanza(&configuration, transport)?)
        }
        Command::Check { strict } => check(kinds, cli, *strict, level.err(), &environment),
        Command::Health { timeout } => {
            let mut transports = transports(cli, &environment)?;
            if transports.is_empty() {
                transports.push(transports::DEFAULT);
            }
            let settings = load(kinds)?.settings;
            print(&health::health(&settings, &transports, *timeout, &environment)?)
        }
        Command::Completions(shell) => print(&completions(*shell, program)),
    }
}

/// The transports that are named somewhere.
fn transports(cli: &Cli, environment: &Environment) -> Result<Vec<Transport>, String> {
    let mut warnings = Vec::new();
    let named = transports::named(&cli.transports, environment, &cli.flags, &mut warnings);
    log(&warnings);
    named
}

fn log(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// Loads a configuration that has to be right.
fn load(
    kinds: Vec<PluginKind>,
    file: Option<&Path>,
    flags: &Flags,
    environment: &Environment,
) -> Result<Configuration, Failure> {
    let (configuration, findings) = Configuration::load(kinds, file, flags, environment);
    log(&findings.warnings);
    if findings.problems.is_empty() {
        Ok(configuration)
    } else {
        Err(Failure(findings.problems))
    }
}

/// Checks everything. `problem` is what is wrong before.
fn check(
    kinds: Vec<PluginKind>,
    cli: &Cli,
    strict: bool,
    problem: Option<String>,
    environment: &Environment,
) -> Result<ExitCode, Failure> {
    let output = take_output()?;
    let (file, flags) = (cli.config.as_deref(), &cli.flags);
    let (configuration, mut findings) = Configuration::load(kinds, file, flags, environment);
    findings.problems.extend(problem);
    let named = transports::named(&cli.transports, environment, flags, &mut findings.warnings);
    let transports = named.unwrap_or_else(|message| {
        findings.problems.push(message);
        Vec::new()
    });
    let subject = check::Subject {
        configuration: &configuration,
        transports: &transports,
        flags,
        environment,
    };
    let working = subject.look(&mut findings)?;
    if strict {
        findings.problems.append(&mut findings.warnings);
    }
    let labelled = [
        ("error", &findings.problems),
        ("warning", &findings.warnings),
        ("ok", &working),
    ];
    for (label, lines) in labelled {
        lines
            .iter()
            .try_for_each(|line| write(output, &format!("{label}: {}\n", visible(line))))?;
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
