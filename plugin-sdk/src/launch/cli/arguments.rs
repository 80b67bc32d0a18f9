//! The options that come from the table of settings.

use std::{fmt::Write as _, path::PathBuf};

use clap::{Arg, ArgAction, ValueHint, value_parser};

use crate::launch::settings::{
    Setting, Transport, all,
    launcher::{CONFIG, LOG_LEVEL, TRANSPORT},
};

/// The options that every command takes. What a transport is for differs.
/// Without a default the variable, which is for servers, does not count.
pub(super) fn shared(help: &str, default: Option<&str>) -> [Arg; 3] {
    let mut transport = argument(&TRANSPORT, help, default);
    if default.is_none() {
        transport = transport.long_help(help.to_owned());
    }
    let transport = transport
        .short('t')
        .action(ArgAction::Append)
        .value_delimiter(',')
        .ignore_case(true)
        .hide_possible_values(true)
        .value_parser(value_parser!(Transport));
    let config = of_setting(&CONFIG)
        .short('c')
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath);
    [transport, config, of_setting(&LOG_LEVEL).short('l')]
}

/// The options of a server.
pub(super) fn flags() -> impl Iterator<Item = Arg> {
    of_servers().map(of_setting)
}

/// Those of them that say where it is reached.
pub(super) fn address_flags() -> impl Iterator<Item = Arg> {
    of_servers()
        .filter(|setting| setting.is_address())
        .map(of_setting)
}

fn of_servers() -> impl Iterator<Item = &'static Setting> {
    all().filter(|setting| setting.group.section.is_some() && setting.flag().is_some())
}

fn of_setting(setting: &Setting) -> Arg {
    argument(setting, setting.help, setting.default().as_deref())
}

fn argument(setting: &Setting, help: &str, default: Option<&str>) -> Arg {
    let flag = setting.flag().unwrap_or_default();
    let default = default.map(|default| format!("[default: {default}]"));
    let env = format!("[env: {}]", setting.variables().join(", "));
    let with = |separator: &str, parts: &[Option<&str>]| {
        let parts: Vec<_> = parts.iter().flatten().copied().collect();
        parts.join(separator)
    };
    let short = with(" ", &[Some(help), default.as_deref()]);
    let long = with("\n", &[Some(help), Some(&env), default.as_deref()]);
    let argument = Arg::new(flag.clone())
        .long(flag)
        .value_name(setting.kind.value_name())
        .help(short)
        .long_help(long)
        .help_heading(setting.group.heading)
        .hide_short_help(!setting.is_for_the_first_day);
    if setting.kind.is_switch() {
        argument.num_args(0..=1).default_missing_value("true")
    } else if setting.kind.is_path() {
        argument.value_hint(ValueHint::FilePath)
    } else {
        argument
    }
}

/// A line for each setting without an option.
pub(super) fn without_flag() -> String {
    let mut lines = String::new();
    for setting in all().filter(|setting| setting.flag().is_none()) {
        let default = setting.default().map(|default| format!(" [default: {default}]"));
        let (variables, default) = (setting.variables().join(", "), default.unwrap_or_default());
        let _ = write!(lines, "\n  {variables}{default}\n          {}", setting.help);
    }
    lines
}
