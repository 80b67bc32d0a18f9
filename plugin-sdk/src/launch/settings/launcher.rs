//! What the launcher reads before the settings of the server.

use super::{
    kind::Kind::Own,
    setting::{Group, Setting},
};

/// The file that is read if none is named.
pub(crate) const DEFAULT_FILE: &str = "./resources/plugins/config.yaml";

static PROGRAM: Group = Group {
    heading: None,
    server: "",
    transport: None,
    section: None,
    flags: "",
    variables: "PLUGINS_",
};

pub(crate) static TRANSPORT: Setting = PROGRAM
    .setting(
        "transport",
        Own("TRANSPORT"),
        "http, stdio, grpc or unix; several with commas",
    )
    .default_is("stdio if stdin is a pipe, else http")
    .on_the_first_day();

pub(crate) static CONFIG: Setting = PROGRAM
    .setting("config_path", Own("FILE"), "Configuration file")
    .flag_named("config")
    .default_is(DEFAULT_FILE)
    .on_the_first_day();

pub(crate) static LOG_LEVEL: Setting = PROGRAM
    .setting(
        "log_level",
        Own("LEVEL"),
        "Log DEBUG, INFO, WARNING or ERROR and above to stderr",
    )
    .default_is("INFO for serve, ERROR for health, else WARNING")
    .on_the_first_day();

pub(crate) static FAIL_ON_PLUGIN_ERROR: Setting = PROGRAM
    .setting(
        "fail_on_plugin_error",
        Own("BOOLEAN"),
        "Stop the start if a plugin fails to load; else it is left out",
    )
    .without_flag()
    .default_is("true");

pub(super) static SETTINGS: &[&Setting] = &[&TRANSPORT, &CONFIG, &LOG_LEVEL, &FAIL_ON_PLUGIN_ERROR];
