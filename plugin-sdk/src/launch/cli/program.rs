//! The commands, as clap has them.

use std::time::Duration;

use clap::{Arg, ArgAction, Command, value_parser};

use super::{
    Format,
    arguments::{address_flags, flags, shared, without_flag},
};
use crate::{
    launch::settings::{allowed_seconds, launcher::TRANSPORT, seconds},
    protocol::health::PORT_DISTANCE,
};

const HELP: &str = "\
Options win over the configuration file, the file wins over the environment.";

const LONG_HELP: &str = "\
Options win over the configuration file, the file wins over the environment.
Variables are also read from the file .env in the working directory. These have
no option:";

const CHECK_HELP: &str = "\
Every finding is a line that begins with \"error\", \"warning\" or \"ok\", names the
place, and says what to do. The exit status is 1 if there is an error. With
--strict there are no warnings, only errors.";

fn health_help() -> String {
    format!(
        "\
It reads the same configuration and environment as the server, and asks it by
the health message of the Unix socket, the health service of gRPC, or the path
/health of HTTP, which a server with TLS answers without TLS on the port {PORT_DISTANCE}
above its own. Nothing else is needed in the container. The exit status is 0 if
every transport answers that it is well, else 1, and one line says why.

Over gRPC with TLS, the connection is made as a gateway makes it, but the name
and the authority of the certificate are not checked: the address of a probe is
not the name that gateways use. Where the server asks for a certificate, it gets
the one in PLUGINS_GRPC_CLIENT_MTLS_CERTFILE and _KEYFILE, or else the server's
own, which is refused unless it is one for clients too."
    )
}

const COMPLETIONS_HELP: &str = "\
In ~/.bashrc, for a program plugin:  eval \"$(plugin completions bash)\"
In ~/.zshrc, after compinit:         eval \"$(plugin completions zsh)\"
In ~/.config/fish/config.fish:       plugin completions fish | source";

const INVOKE_HELP: &str = "\
The exit status is 0 for any result, also for a denial, and 1 for an error.";

const BY_CONFIGURATION: &str = "those that the server serves by its configuration";

/// The command line as clap has it. What all commands share may stand before the command too.
pub(crate) fn program() -> Command {
    let as_served = TRANSPORT.help;
    let shared_by_all = shared(as_served, TRANSPORT.default().as_deref());
    Command::new("plugin")
        .about("Without a command, `serve` is meant")
        .max_term_width(80)
        .disable_help_subcommand(true)
        .after_help(HELP)
        .after_long_help(LONG_HELP.to_owned() + &without_flag())
        .args(shared_by_all.clone().map(|argument| argument.global(true)))
        .args(flags())
        .subcommands([
            Command::new("serve")
                .about("Serve the plugins (the default)")
                .args(flags()),
            invoke(),
            Command::new("manifest")
                .about("Print what the plugins are: hooks and defaults")
                .arg(
                    Arg::new("format")
                        .long("format")
                        .short('f')
                        .value_name("FORMAT")
                        .value_parser(value_parser!(Format))
                        .default_value("yaml")
                        .help("How it is written"),
                )
                // It has no use for them, but what stands before a command need not depend on it.
                .args(shared_by_all.clone().map(|argument| argument.hide(true))),
            Command::new("gateway-config")
                .about("Print the stanza to paste into the gateway's plugin configuration")
                .args(shared(
                    "How the gateway reaches the plugins",
                    Some("the first that the server serves by its configuration, else http"),
                ))
                .args(address_flags()),
            Command::new("check")
                .about("Check configuration, certificates and sockets")
                .after_help(CHECK_HELP)
                .args(shared(as_served, Some(&format!("{BY_CONFIGURATION}, else all"))))
                .arg(Arg::new("strict").long("strict").action(ArgAction::SetTrue).help(
                    "Count warnings as errors, such as a variable that the file uses and that is not set",
                ))
                .args(flags()),
            Command::new("health")
                .about("Ask a running server whether it is well, for probes of containers")
                .after_help(health_help())
                .args(shared(
                    "http, grpc or unix; several with commas",
                    Some(&format!("{BY_CONFIGURATION}, else http")),
                ))
                .arg(
                    Arg::new("timeout")
                        .long("timeout")
                        .value_name("SECONDS")
                        .value_parser(timeout)
                        .default_value("3")
                        .help("How long the answers may take"),
                )
                .args(address_flags()),
            Command::new("completions")
                .about("Print a script that completes the command line in a shell")
                .after_help(COMPLETIONS_HELP)
                .arg(
                    Arg::new("shell")
                        .required(true)
                        .value_name("SHELL")
                        .value_parser(value_parser!(clap_complete::Shell))
                        .help("The shell"),
                )
                .args(shared_by_all.map(|argument| argument.hide(true))),
        ])
}

fn invoke() -> Command {
    let json = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("JSON|@FILE|-").help(help)
    };
    Command::new("invoke")
        .about("Call one hook and print its result as JSON")
        .after_help(INVOKE_HELP)
        .arg(
            Arg::new("hook")
                .required(true)
                .value_name("HOOK")
                .help("The hook to call, by its name on the wire"),
        )
        .arg(
            json(
                "payload",
                "The payload, a JSON object: as it is, from a file, or from stdin",
            )
            .short('p')
            .required(true),
        )
        .arg(json("context", "The plugin context [default: an empty one]"))
        .arg(
            Arg::new("plugin")
                .long("plugin")
                .value_name("NAME")
                .help("The plugin to call; needed when several have the hook"),
        )
        .args(shared("Call it over this transport instead of in process", None))
}

fn timeout(text: &str) -> Result<Duration, String> {
    seconds(text).ok_or_else(|| format!("allowed: {}, with or without a fraction", allowed_seconds()))
}
