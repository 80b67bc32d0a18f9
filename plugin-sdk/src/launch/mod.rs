//! The program around the plugins: command line, environment, configuration file, log and signals.
//!
//! [`run`] is a complete `main` for one plugin, [`launcher`] for several. The program that they make serves
//! its plugins, calls one of their hooks by hand, describes them and checks its configuration; its `--help`
//! says how.

mod check;
mod cli;
mod colours;
mod commands;
mod configuration;
mod describe;
mod health;
mod invoke;
mod log;
mod logging;
mod output;
mod printed;
mod runtime;
mod serve;
mod settings;
mod signals;
mod stanza;
mod transports;
mod yaml;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use self::output::Failure;
use crate::manifest::Manifest;
use crate::plugin::{Plugin, PluginKind};

/// A `main` for one plugin: reads the command line and serves the plugin, or does what else it says.
///
/// ```no_run
/// use plugin_sdk::prelude::*;
///
/// /// Lets every tool call pass.
/// #[plugin(hooks = [tool_pre_invoke])]
/// #[derive(Default)]
/// struct PassThrough;
///
/// impl PassThrough {
///     async fn tool_pre_invoke(
///         &self,
///         _payload: ToolPreInvokePayload,
///         _context: &mut PluginContext,
///     ) -> HookResult<ToolPreInvokePayload> {
///         Ok(PluginResult::allow())
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     plugin_sdk::run::<PassThrough>()
/// }
/// ```
pub fn run<P: Plugin>() -> ExitCode {
    launcher().plugin::<P>().run()
}

/// A `main` for several plugins in one process.
///
/// The configuration file says which of them run, how often, and with which settings.
///
/// ```no_run
/// use plugin_sdk::prelude::*;
///
/// #[plugin(hooks = [tool_pre_invoke])]
/// #[derive(Default)]
/// struct First;
///
/// impl First {
///     async fn tool_pre_invoke(
///         &self,
///         _payload: ToolPreInvokePayload,
///         _context: &mut PluginContext,
///     ) -> HookResult<ToolPreInvokePayload> {
///         Ok(PluginResult::allow())
///     }
/// }
///
/// #[plugin(hooks = [prompt_pre_fetch])]
/// #[derive(Default)]
/// struct Second;
///
/// impl Second {
///     async fn prompt_pre_fetch(
///         &self,
///         _payload: PromptPreFetchPayload,
///         _context: &mut PluginContext,
///     ) -> HookResult<PromptPreFetchPayload> {
///         Ok(PluginResult::allow())
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     plugin_sdk::launcher().plugin::<First>().plugin::<Second>().run()
/// }
/// ```
pub fn launcher() -> Launcher {
    Launcher { kinds: Vec::new() }
}

/// The plugins of a program, made by [`launcher`].
///
/// # Settings
///
/// A flag wins over the section of the configuration file, the section over the environment, and the environment over the default.
/// A section replaces the variables of its server as a whole. Variables are also read from a `.env` file in the working directory,
/// beneath those of the process; their names may be written in any case, and an empty value is no value.
///
/// `--help` lists every flag with its variable and default;
/// [Configuration](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/configuration.md#settings-of-the-server)
/// has the same as a table, with the keys of the file.
///
/// # Configuration file
///
/// The file of the Python plugin server, a template in which `{{ env.NAME }}` stands for a variable of the
/// process. `kind` names the plugin's type, `name` the instance, `config` its settings. Without a file at the
/// default path, each plugin runs once under its own name with its default settings.
#[must_use = "a launcher does nothing until it is run"]
#[derive(Clone)]
pub struct Launcher {
    kinds: Vec<PluginKind>,
}

impl std::fmt::Debug for Launcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| &kind.manifest.kind).collect();
        formatter.debug_struct("Launcher").field("kinds", &kinds).finish()
    }
}

impl Launcher {
    /// Adds a plugin that the configuration may name as `kind`.
    pub fn plugin<P: Plugin>(mut self) -> Self {
        self.kinds.push(PluginKind::of::<P>());
        self
    }

    /// Reads the command line and does what it says. The exit status is 0 when that worked.
    pub fn run(self) -> ExitCode {
        launch(self.kinds, std::env::args_os())
    }
}

/// Not generic, so that a plugin's own build compiles nothing of it.
fn launch(kinds: Vec<PluginKind>, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let _log = log::FinishOnDrop;
    let arguments: Vec<OsString> = arguments.collect();
    let program = describe_program(&kinds, arguments.first());
    let outcome = match cli::parse(&program, &arguments) {
        Ok(cli) => commands::execute(kinds, &cli, program),
        Err(error) => output::usage(&error, &arguments),
    };
    outcome.unwrap_or_else(|Failure(reasons)| {
        output::errors(&reasons);
        ExitCode::FAILURE
    })
}

/// The command line under the program's own name, with the description and the version of its plugins.
fn describe_program(kinds: &[PluginKind], program: Option<&OsString>) -> clap::Command {
    let name = program
        .and_then(|program| Path::new(program).file_name())
        .map(|name| name.to_string_lossy().into_owned());
    let mut program = cli::program().name(name.unwrap_or_else(|| "plugin".to_owned()));
    if let [kind] = kinds {
        if !kind.manifest.description.is_empty() {
            program = program.about(kind.manifest.description.clone());
        }
    } else {
        let names: Vec<_> = kinds.iter().map(|kind| kind.manifest.kind.as_str()).collect();
        program = program.about(format!("Plugins: {}", names.join(", ")));
    }
    let manifests: Vec<_> = kinds.iter().map(|kind| &kind.manifest).collect();
    program.version(version(&manifests))
}

/// The version that all plugins have, else that of each.
fn version(manifests: &[&Manifest]) -> String {
    let shown = |manifest: &Manifest| match manifest.version.as_str() {
        "" => "(no version)".to_owned(),
        version => version.to_owned(),
    };
    match manifests {
        [] => "(no plugins)".to_owned(),
        [first, rest @ ..] if rest.iter().all(|other| other.version == first.version) => shown(first),
        _ => {
            let each = manifests
                .iter()
                .map(|manifest| format!("{} {}", manifest.kind, shown(manifest)));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_version() {
        let version = |plugins: &[(&'static str, &str)]| {
            let manifest = |(name, version): &(&'static str, &str)| Manifest {
                version: (*version).to_owned(),
                ..Manifest::new(*name)
            };
            let manifests: Vec<_> = plugins.iter().map(manifest).collect();
            super::version(&manifests.iter().collect::<Vec<_>>())
        };
        assert_eq!(version(&[("A", "1.2.0")]), "1.2.0");
        assert_eq!(version(&[("A", "1.2.0"), ("B", "1.2.0")]), "1.2.0");
        assert_eq!(
            version(&[("A", "1.2.0"), ("B", "1.3.0"), ("C", "")]),
            "A 1.2.0, B 1.3.0, C (no version)"
        );
        assert_eq!(version(&[("A", "")]), "(no version)");
        assert_eq!(version(&[]), "(no plugins)");
    }
}
