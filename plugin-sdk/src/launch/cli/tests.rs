//! The command line as a whole.

use super::*;
use crate::launch::settings::Setting;

fn parse(words: &[&str]) -> Result<Cli, clap::Error> {
    let words: Vec<_> = std::iter::once(&"plugin")
        .chain(words)
        .map(OsString::from)
        .collect();
    super::parse(&program(), &words)
}

#[test]
fn the_command_line_is_consistent() {
    program().debug_assert();
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
            assert_eq!(cli.config, Some(PathBuf::from("a.yaml")), "{words:?}");
            assert_eq!(cli.log_level.as_deref(), Some("debug"), "{words:?}");
            assert_eq!(cli.transports, [Transport::Unix, Transport::Grpc], "{words:?}");
        }
    }
    let cli = parse(&["-t", "unix", "-c", "a", "check", "-t", "http"]).unwrap();
    assert!(matches!(cli.command, Command::Check { strict: false }));
    assert_eq!(cli.transports, [Transport::Http]);
    assert_eq!(cli.config, Some(PathBuf::from("a")));
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

/// The flags that were read, with their values.
fn flags(cli: &Cli) -> Vec<(String, &str)> {
    let flags = cli.flags.iter();
    flags
        .map(|(setting, text)| (setting.flag().unwrap(), text.as_str()))
        .collect()
}

#[test]
fn serve_is_the_default_command() {
    let cli = parse(&["--transport", "unix", "-t", "grpc", "--socket", "/run/a"]).unwrap();
    assert!(matches!(cli.command, Command::Serve));
    assert_eq!(cli.transports, [Transport::Unix, Transport::Grpc]);
    assert_eq!(flags(&cli), [("socket".to_owned(), "/run/a")]);
    let cli = parse(&["serve", "--socket", "/run/a"]).unwrap();
    assert!(matches!(cli.command, Command::Serve));
    assert_eq!(cli.flags.len(), 1);
}

/// The settings of servers that have a flag.
fn settings() -> impl Iterator<Item = (&'static Setting, String)> {
    let all = all().filter(|setting| setting.group.section.is_some());
    all.filter_map(|setting| Some((setting, setting.flag()?)))
}

#[test]
fn every_setting_has_a_flag() {
    for (_, flag) in settings() {
        let cli = parse(&[&format!("--{flag}"), "7"]).unwrap();
        assert_eq!(flags(&cli), [(flag, "7")]);
    }
    let mut without: Vec<_> = all().filter(|setting| setting.flag().is_none()).collect();
    // A password on a command line is shown to every user of the machine.
    without.retain(|setting| setting.key != "tls.keyfile_password");
    assert_eq!(without.len(), 1, "{without:?}");
}

#[test]
fn a_switch_needs_nothing_behind_it() {
    for (_, flag) in settings().filter(|(setting, _)| setting.kind.is_switch()) {
        let word = format!("--{flag}");
        for (words, expected) in [
            (vec![&*word], "true"),
            (vec![&word, "--call-timeout", "1"], "true"),
            (vec![&format!("{word}=false")], "false"),
            (vec![&format!("{word}=true")], "true"),
            (vec![&word, "false"], "false"),
        ] {
            let cli = parse(&words).unwrap();
            assert!(
                flags(&cli).contains(&(flag.clone(), expected)),
                "{words:?}: {cli:?}"
            );
        }
    }
}

/// A probe and the gateway's stanza need what the server was given, the certificates too; a check needs all of it.
#[test]
fn commands_take_what_they_need_of_the_server() {
    for (setting, flag) in settings() {
        let flag = format!("--{flag}");
        for (command, takes) in [
            ("check", true),
            ("health", setting.is_address()),
            ("gateway-config", setting.is_address()),
            ("manifest", false),
        ] {
            assert_eq!(parse(&[command, &flag, "7"]).is_ok(), takes, "{command} {flag}");
        }
    }
}

/// `-h` has what one needs on the first day, `--help` everything, each flag with its variable and default.
#[test]
fn the_short_help_is_for_the_first_day() {
    let mut program = program();
    let (short, long) = (
        program.render_help().to_string(),
        program.render_long_help().to_string(),
    );
    assert!(short.lines().count() < 45, "{short}");
    for setting in all() {
        if let Some(flag) = setting.flag() {
            let flag = format!("--{flag} ");
            assert_eq!(
                short.contains(&flag),
                setting.is_for_the_first_day,
                "{flag}: {short}"
            );
            assert!(long.contains(&flag), "{flag}: {long}");
        }
        for variable in setting.variables() {
            assert!(long.contains(&variable), "{variable}: {long}");
        }
        let default = setting.default().map(|default| format!("[default: {default}]"));
        assert!(long.contains(&default.unwrap_or_default()), "{setting:?}: {long}");
    }
}

/// The program and each of its commands.
fn commands() -> Vec<clap::Command> {
    let mut command = program().name("a-plugin-with-a-name");
    command.build();
    std::iter::once(command.clone())
        .chain(command.get_subcommands().cloned())
        .collect()
}

#[test]
fn the_help_fits_into_80_columns() {
    for mut command in commands() {
        let long_after = command
            .get_after_long_help()
            .or(command.get_after_help())
            .cloned();
        for (help, after) in [
            (command.render_help(), command.get_after_help().cloned()),
            (command.render_long_help(), long_after),
        ] {
            for line in help.to_string().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
            // Its lines are broken where they read well, and not once more.
            if let Some(after) = after {
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
