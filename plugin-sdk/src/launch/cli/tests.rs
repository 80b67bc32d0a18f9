//! The command line as a whole.

use clap::CommandFactory;

use super::*;
use crate::launch::settings::all;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn serve_is_the_default_command() {
    let cli = Cli::parse_from([
        "plugin",
        "--transport",
        "unix",
        "-t",
        "grpc",
        "--socket",
        "/run/a",
    ]);
    assert!(cli.command.is_none());
    assert_eq!(cli.serve.transport, [Transport::Unix, Transport::Grpc]);
    assert_eq!(cli.serve.flags(), [("socket", "/run/a".to_owned())]);
    let cli = Cli::parse_from(["plugin", "serve", "--socket", "/run/a"]);
    assert!(matches!(cli.command, Some(Command::Serve(arguments)) if arguments.flags().len() == 1));
}

#[test]
fn every_setting_has_a_flag() {
    for setting in all().filter(|setting| !setting.flag.is_empty()) {
        let flag = format!("--{}", setting.flag);
        let cli = Cli::parse_from(["plugin", &flag, "7"]);
        assert_eq!(cli.serve.flags(), [(setting.flag, "7".to_owned())]);
    }
}

/// The program and each of its commands.
fn commands() -> Vec<clap::Command> {
    let mut command = Cli::command().name("a-plugin-with-a-name");
    command.build();
    std::iter::once(command.clone())
        .chain(command.get_subcommands().cloned())
        .collect()
}

#[test]
fn the_help_fits_into_80_columns() {
    for mut command in commands() {
        for help in [command.render_help(), command.render_long_help()] {
            for line in help.to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
            // Its lines are broken where they read well, and not once more.
            if let Some(after) = command.get_after_help() {
                assert!(help.to_string().contains(&after.to_string()), "{help}");
            }
        }
    }
}

/// Every command and option says what it is for, in words that begin like a sentence and need no full stop.
#[test]
fn everything_has_a_text() {
    for command in commands() {
        let name = command.get_name().to_owned();
        assert!(
            command.get_about().is_some() || name == "a-plugin-with-a-name",
            "{name}"
        );
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.len() > 5, "{name}: {} has no text", argument.get_id());
            assert!(!help.ends_with('.'), "{name}: {help}");
        }
    }
}
