//! The settings of the server: one table, read from flags, the configuration file and the environment.

#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "mcp")]
mod http;
#[cfg(any(feature = "grpc", feature = "mcp"))]
mod listen;
pub(crate) mod sources;
mod unix;
mod values;

use std::path::PathBuf;

use self::unix::SETTINGS;
use super::yaml::findings::Findings;
use super::yaml::{ConfigurationFile, Section};
use crate::environment::Environment;
use crate::limits::Limits;
use crate::nearest::unknown;
#[cfg(feature = "grpc")]
use crate::transport::grpc::GrpcSettings;
#[cfg(feature = "mcp")]
use crate::transport::mcp::McpSettings;

pub(crate) use self::values::{SECONDS, path, seconds};

/// How the server is set up.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) socket_path: PathBuf,
    pub(crate) socket_mode: u32,
    pub(crate) limits: Limits,
    #[cfg(feature = "grpc")]
    pub(crate) grpc: GrpcSettings,
    #[cfg(feature = "grpc")]
    grpc_tls: self::listen::TlsOptions,
    #[cfg(feature = "mcp")]
    pub(crate) http: McpSettings,
    #[cfg(feature = "mcp")]
    http_tls: self::listen::TlsOptions,
}

/// One setting: where it can be given, and what it may be.
pub(crate) struct Setting {
    /// The flag, without the dashes. Empty for a setting that has none.
    pub(crate) flag: &'static str,
    /// The key in the section of the configuration file.
    key: &'static str,
    /// The variables; the first that is set counts.
    variables: &'static [&'static str],
    /// What may be written, for the error message.
    allowed: &'static str,
    apply: fn(&mut Settings, &str) -> Option<()>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            socket_path: PathBuf::from("/tmp/mcpgateway-plugins.sock"),
            socket_mode: 0o600,
            limits: Limits::default(),
            #[cfg(feature = "grpc")]
            grpc: GrpcSettings::default(),
            #[cfg(feature = "grpc")]
            grpc_tls: self::listen::TlsOptions::default(),
            #[cfg(feature = "mcp")]
            http: McpSettings::default(),
            #[cfg(feature = "mcp")]
            http_tls: self::listen::TlsOptions::default(),
        }
    }
}

impl Settings {
    /// Applies the three sources, the weakest first. What is wrong goes to `findings`.
    ///
    /// A section of the file replaces the environment as a whole, as on the Python server; variables that
    /// are set all the same are worth a warning.
    pub(crate) fn resolve(
        flags: &[(&'static str, String)],
        file: Option<&ConfigurationFile>,
        environment: &Environment,
        findings: &mut Findings,
    ) -> Self {
        let mut settings = Self::default();
        settings.apply_sources(
            &[&SETTINGS],
            file.and_then(|file| file.unix.as_ref()),
            environment,
            findings,
        );
        #[cfg(feature = "grpc")]
        settings.apply_sources(
            &grpc::TABLES,
            file.and_then(|file| file.grpc.as_ref()),
            environment,
            findings,
        );
        #[cfg(feature = "mcp")]
        {
            // Not the section's business on the Python server either, so that it does not hide it.
            settings.apply_environment(&[&http::METRICS], environment, findings);
            settings.apply_sources(
                &http::TABLES,
                file.and_then(|file| file.http.as_ref()),
                environment,
                findings,
            );
        }
        for (flag, text) in flags {
            let Some(setting) = all().find(|setting| setting.flag == *flag) else {
                continue;
            };
            if (setting.apply)(&mut settings, text.trim()).is_none() {
                findings.problems.push(format!(
                    "--{flag}: \"{text}\" is not valid; allowed: {}",
                    setting.allowed
                ));
            }
        }
        #[cfg(feature = "grpc")]
        settings.finish_grpc(flags, findings);
        #[cfg(feature = "mcp")]
        settings.finish_http(flags, findings);
        settings
    }

    /// Applies a section of the file, or else the environment.
    fn apply_sources(
        &mut self,
        tables: &[&'static [Setting]],
        section: Option<&Section>,
        environment: &Environment,
        findings: &mut Findings,
    ) {
        match section {
            Some(section) => self.apply_section(tables, section, environment, findings),
            None => self.apply_environment(tables, environment, findings),
        }
    }

    fn apply_environment(
        &mut self,
        tables: &[&'static [Setting]],
        environment: &Environment,
        findings: &mut Findings,
    ) {
        for setting in tables.iter().copied().flatten() {
            if let Some((name, text)) = environment.get(setting.variables)
                && (setting.apply)(self, text).is_none()
            {
                findings.problems.push(format!(
                    "{name}: \"{text}\" is not valid; allowed: {}",
                    setting.allowed
                ));
            }
        }
    }

    fn apply_section(
        &mut self,
        tables: &[&'static [Setting]],
        section: &Section,
        environment: &Environment,
        findings: &mut Findings,
    ) {
        let table = || tables.iter().copied().flatten();
        for given in &section.settings {
            let path = format!("{}.{}", section.name, given.key);
            let Some(setting) = table().find(|setting| setting.key == given.key) else {
                let known = table().map(|setting| setting.key);
                findings.problem(given.line, &path, unknown("key", &given.key, known));
                continue;
            };
            let text = given.value.as_deref().unwrap_or_default();
            if (setting.apply)(self, text.trim()).is_none() {
                let message = format!("\"{text}\" is not valid; allowed: {}", setting.allowed);
                findings.problem(given.line, &path, message);
            }
        }
        for setting in table() {
            if let Some((name, _)) = environment.get(setting.variables) {
                let message = format!("this section replaces the environment, so {name} is ignored");
                findings.warning(None, section.name, message);
            }
        }
    }
}

/// Every setting.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    let tables: &[&[&'static [Setting]]] = &[
        &[&SETTINGS],
        #[cfg(feature = "grpc")]
        &grpc::TABLES,
        #[cfg(feature = "mcp")]
        &http::TABLES,
    ];
    tables.iter().copied().flatten().copied().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    struct Outcome {
        settings: Settings,
        problems: Vec<String>,
        warnings: Vec<String>,
    }

    fn resolve(flags: &[(&'static str, &str)], file: Option<&str>, variables: &[(&str, &str)]) -> Outcome {
        let path = Path::new("plugins.yaml");
        let mut findings = Findings::new(path);
        let file = file.map(|text| ConfigurationFile::read(path, text, &BTreeMap::new(), &mut findings));
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Environment::new(variables, &[]);
        let flags: Vec<_> = flags
            .iter()
            .map(|(flag, text)| (*flag, (*text).to_owned()))
            .collect();
        let settings = Settings::resolve(&flags, file.as_ref(), &environment, &mut findings);
        Outcome {
            settings,
            problems: findings.problems,
            warnings: findings.warnings,
        }
    }

    #[test]
    fn flags_win_over_the_section_and_the_section_over_the_environment() {
        let variables = [
            ("PLUGINS_UNIX_SOCKET_PATH", "/run/env.sock"),
            ("PLUGINS_CALL_TIMEOUT", "7"),
        ];
        let section = "unix_socket_server_settings: {path: /run/file.sock}";
        let found = resolve(&[], None, &[]);
        assert_eq!(
            found.settings.socket_path,
            Path::new("/tmp/mcpgateway-plugins.sock")
        );
        assert_eq!(found.settings.socket_mode, 0o600);
        let found = resolve(&[], None, &variables);
        assert_eq!(found.settings.socket_path, Path::new("/run/env.sock"));
        assert_eq!(found.settings.limits.call_timeout, Duration::from_secs(7));
        let found = resolve(&[], Some(section), &variables);
        assert_eq!(found.settings.socket_path, Path::new("/run/file.sock"));
        assert_eq!(found.settings.limits.call_timeout, Limits::default().call_timeout);
        assert_eq!(found.warnings.len(), 2, "{:?}", found.warnings);
        let found = resolve(
            &[("socket", "/run/flag.sock"), ("call-timeout", "0.5")],
            Some(section),
            &variables,
        );
        assert_eq!(found.settings.socket_path, Path::new("/run/flag.sock"));
        assert_eq!(found.settings.limits.call_timeout, Duration::from_millis(500));
        assert!(found.problems.is_empty());
    }

    #[test]
    fn the_first_variable_of_the_socket_path_wins() {
        let found = resolve(
            &[],
            None,
            &[
                ("UNIX_SOCKET_PATH", "/run/b"),
                ("PLUGINS_UNIX_SOCKET_PATH", "/run/a"),
            ],
        );
        assert_eq!(found.settings.socket_path, Path::new("/run/a"));
        let found = resolve(
            &[],
            None,
            &[("UNIX_SOCKET_PATH", "/run/b"), ("PLUGINS_UNIX_SOCKET_PATH", "")],
        );
        assert_eq!(found.settings.socket_path, Path::new("/run/b"));
    }

    #[test]
    fn every_setting_is_read_everywhere() {
        for setting in &SETTINGS {
            for text in ["", "x", "-1"] {
                if setting.flag == "socket" && !text.is_empty() {
                    continue;
                }
                let found = resolve(&[(setting.flag, text)], None, &[]);
                assert_eq!(
                    found.problems,
                    [format!(
                        "--{}: \"{text}\" is not valid; allowed: {}",
                        setting.flag, setting.allowed
                    )]
                );
            }
            let name = setting.variables[0];
            let section = format!("unix_socket_server_settings:\n  {}: []\n", setting.key);
            let found = resolve(&[], Some(&section), &[(name, "1")]);
            assert_eq!(
                found.problems,
                [format!(
                    "plugins.yaml:2: unix_socket_server_settings.{}: \"\" is not valid; allowed: {}",
                    setting.key, setting.allowed
                )]
            );
            assert_eq!(found.warnings.len(), 1, "{:?}", found.warnings);
        }
        let found = resolve(&[], None, &[("PLUGINS_MAX_NESTING", "1000")]);
        assert_eq!(
            found.problems,
            ["PLUGINS_MAX_NESTING: \"1000\" is not valid; allowed: a whole number from 1 to 100"]
        );
    }

    #[test]
    fn unknown_keys_of_the_section_are_errors() {
        let found = resolve(&[], Some("unix_socket_server_settings: {paths: /run/a}"), &[]);
        let [problem] = found.problems.as_slice() else {
            panic!("{:?}", found.problems)
        };
        let expected = "plugins.yaml:1: unix_socket_server_settings.paths: unknown key \"paths\", did you mean \"path\"? (known: path, mode, ";
        assert!(problem.starts_with(expected), "{problem}");
    }

    #[test]
    fn a_mode_is_octal_however_it_is_written() {
        for (text, expected) in [
            ("0660", 0o660),
            ("660", 0o660),
            ("\"0600\"", 0o600),
            ("0o640", 0o640),
        ] {
            let section = format!("unix_socket_server_settings: {{mode: {text}}}");
            assert_eq!(
                resolve(&[], Some(&section), &[]).settings.socket_mode,
                expected,
                "{text}"
            );
        }
        for text in ["0400", "1777", "0690", "rw"] {
            assert_eq!(
                resolve(&[("socket-mode", text)], None, &[]).problems.len(),
                1,
                "{text}"
            );
        }
    }
}
