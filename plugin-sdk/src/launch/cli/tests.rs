//! The command line as a whole.

use super::*;
use crate::launch::settings::all;

fn parse(words: &[&str]) -> Result<Cli, clap::Error> {
    let words: Vec<_> = std::iter::once(&"plugin")
        .chain(words)
        .map(OsString::from)
        .collect();
    super::parse(&Cli::program().name("plugin"), &words)
}

#[test]
fn the_command_line_is_consistent() {
    Cli::program().debug_assert();
}

/// What every command shares may stand before it, with or without a meaning; the place behind it wins.
#[test]
fn shared_options_may_stand_before_the_command() {
    let shared = ["-c", "a.yaml", "-l", "debug", "-t", "unix,GRPC"];
    let commands: [&[&str]; 8] = [
        &[],
        &["serve"],
        &["invoke", "hook", "-p", "{}"],
        &["manifest"],
        &["gateway-config"],
        &["check"],
        &["health"],
        &["completions", "bash"],
    ];
    for command in commands {
        for words in [[&shared[..], command].concat(), [command, &shared[..]].concat()] {
            let cli = parse(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            if let Some(common) = cli.common() {
                assert_eq!(common.config, Some(PathBuf::from("a.yaml")), "{words:?}");
                assert_eq!(common.log_level.as_deref(), Some("debug"), "{words:?}");
            }
            let transport = match cli.command {
                None => cli.serve.transport,
                Some(Command::Serve(arguments)) => arguments.transport,
                Some(Command::Invoke(arguments)) => arguments.transport,
                Some(Command::GatewayConfig(arguments)) => arguments.transport,
                Some(Command::Check(arguments)) => arguments.transport,
                Some(Command::Health(arguments)) => arguments.transport,
                Some(Command::Manifest(_) | Command::Completions(_)) => continue,
            };
            assert_eq!(transport, [Transport::Unix, Transport::Grpc], "{words:?}");
        }
    }
    let cli = parse(&["-t", "unix", "-c", "a", "check", "-t", "http"]).unwrap();
    let Some(Command::Check(arguments)) = cli.command else {
        panic!("{:?}", cli.command)
    };
    assert_eq!(arguments.transport, [Transport::Http]);
    assert_eq!(arguments.common.config, Some(PathBuf::from("a")));
}

/// What belongs to one command is never dropped silently.
#[test]
fn other_options_belong_behind_the_command() {
    let message = parse(&["--socket", "/run/a", "check"]).unwrap_err().to_string();
    assert!(
        message.starts_with("error: --socket belongs behind the command: plugin check --socket ..."),
        "{message}"
    );
}

#[test]
fn serve_is_the_default_command() {
    let cli = parse(&["--transport", "unix", "-t", "grpc", "--socket", "/run/a"]).unwrap();
    assert!(cli.command.is_none());
    assert_eq!(cli.serve.transport, [Transport::Unix, Transport::Grpc]);
    assert_eq!(cli.serve.flags(), [("socket", "/run/a".to_owned())]);
    let cli = parse(&["serve", "--socket", "/run/a"]).unwrap();
    assert!(matches!(cli.command, Some(Command::Serve(arguments)) if arguments.flags().len() == 1));
}

#[test]
fn every_setting_has_a_flag() {
    for setting in all().filter(|setting| !setting.flag.is_empty()) {
        let flag = format!("--{}", setting.flag);
        let cli = parse(&[&flag, "7"]).unwrap();
        assert_eq!(cli.serve.flags(), [(setting.flag, "7".to_owned())]);
    }
}

/// The program and each of its commands.
fn commands() -> Vec<clap::Command> {
    let mut command = Cli::program().name("a-plugin-with-a-name");
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
