//! The settings of the server: one table, from which the command line, the environment, the configuration file and the table in
//! `docs/configuration.md` come.

#[cfg(all(test, feature = "unix", feature = "grpc", feature = "mcp"))]
mod documentation;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "mcp")]
mod http;
#[cfg_attr(
    not(all(feature = "grpc", feature = "mcp")),
    allow(dead_code, reason = "each server has kinds and names of its own")
)]
mod kind;
pub(crate) mod launcher;
#[cfg(any(feature = "grpc", feature = "mcp"))]
mod listen;
#[cfg_attr(
    not(all(feature = "grpc", feature = "mcp")),
    allow(dead_code, reason = "each server has kinds and names of its own")
)]
mod setting;
pub(crate) mod sources;
mod transport;
mod unix;
mod values;

use std::path::PathBuf;

use super::yaml::findings::Findings;
use super::yaml::{ConfigurationFile, SECTIONS, Section};
use crate::environment::Environment;
use crate::limits::Limits;
use crate::nearest::unknown;
use crate::socket;
#[cfg(feature = "grpc")]
use crate::transport::grpc::GrpcSettings;
#[cfg(feature = "mcp")]
use crate::transport::mcp::McpSettings;

pub(crate) use self::setting::Setting;
pub(crate) use self::transport::Transport;
pub(crate) use self::values::{allowed_seconds, path, seconds};

/// The settings that were given as flags, with the text behind them.
pub(crate) type Flags = Vec<(&'static Setting, String)>;

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

impl Default for Settings {
    fn default() -> Self {
        Self {
            socket_path: PathBuf::from("/tmp/mcpgateway-plugins.sock"),
            socket_mode: socket::DEFAULT_MODE,
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
        flags: &Flags,
        file: Option<&ConfigurationFile>,
        environment: &Environment,
        findings: &mut Findings,
    ) -> Self {
        let mut settings = Self::default();
        for name in SECTIONS {
            let section = file.and_then(|file| file.section(name));
            settings.apply_environment(name, section.is_some(), environment, findings);
            if let Some(section) = section {
                settings.apply_section(section, findings);
            }
        }
        settings.apply_flags(flags, findings);
        #[cfg(feature = "grpc")]
        listen::finish::<grpc::Grpc>(&mut settings, flags, findings);
        #[cfg(feature = "mcp")]
        {
            listen::finish::<http::Http>(&mut settings, flags, findings);
            http::check_port(&settings, findings);
        }
        settings
    }

    fn apply_environment(
        &mut self,
        section: &'static str,
        is_replaced: bool,
        environment: &Environment,
        findings: &mut Findings,
    ) {
        for setting in of_section(section) {
            let Some((name, text)) = setting.in_environment(environment) else {
                continue;
            };
            if setting.is_of_others {
                let is_known = setting.kind.apply(self, text).is_some();
                if !is_known {
                    let _ = setting.kind.apply(self, "false");
                }
            } else if is_replaced {
                let message = format!("this section replaces the environment, so {name} is ignored");
                findings.warning(None, section, message);
            } else if setting.kind.apply(self, text).is_none() {
                findings
                    .problems
                    .push(format!("{name}: {}", setting.refusal(text)));
            }
        }
    }

    fn apply_section(&mut self, section: &Section, findings: &mut Findings) {
        for given in &section.settings {
            let path = format!("{}.{}", section.name, given.key);
            let Some(setting) = of_section(section.name).find(|setting| setting.key == given.key) else {
                let known: Vec<_> = of_section(section.name).map(|setting| setting.key).collect();
                findings.problem(
                    given.line,
                    &path,
                    unknown("key", &given.key, known.iter().copied()),
                );
                continue;
            };
            let text = given.value.as_deref().unwrap_or_default();
            if setting.kind.apply(self, text.trim()).is_none() {
                findings.problem(given.line, &path, setting.refusal(text));
            }
        }
    }

    fn apply_flags(&mut self, flags: &Flags, findings: &mut Findings) {
        // That one of the flags of TLS is there says that it is meant, as the section `tls` does, unless its switch says no.
        let switches = flags.iter().filter_map(|(setting, _)| setting.switch());
        let switches = switches.map(|switch| (switch, "true"));
        let given = flags.iter().map(|(setting, text)| (*setting, text.as_str()));
        for (setting, text) in switches.chain(given) {
            if setting.kind.apply(self, text.trim()).is_none() {
                let flag = setting.flag().unwrap_or_default();
                findings
                    .problems
                    .push(format!("--{flag}: {}", setting.refusal(text)));
            }
        }
    }
}

impl Setting {
    fn refusal(&self, text: &str) -> String {
        format!("\"{text}\" is not valid; allowed: {}", self.kind.allowed())
    }

    /// The setting that switches on what this one is a part of.
    fn switch(&self) -> Option<&'static Setting> {
        let (whole, _) = self.key.split_once('.')?;
        all().find(|setting| setting.key == whole && std::ptr::eq(setting.group, self.group))
    }
}

/// Every setting.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    let servers: [&[Setting]; _] = [
        unix::SETTINGS,
        #[cfg(feature = "grpc")]
        grpc::LISTEN,
        #[cfg(feature = "grpc")]
        grpc::SETTINGS,
        #[cfg(feature = "mcp")]
        http::LISTEN,
        #[cfg(feature = "mcp")]
        http::SETTINGS,
    ];
    let own = launcher::SETTINGS.iter().copied();
    own.chain(servers.into_iter().flatten())
}

/// The settings of a section of the file.
fn of_section(section: &str) -> impl Iterator<Item = &'static Setting> {
    all().filter(move |setting| setting.group.section == Some(section))
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

    fn resolve(flags: &[(&str, &str)], file: Option<&str>, variables: &[(&str, &str)]) -> Outcome {
        let path = Path::new("plugins.yaml");
        let mut findings = Findings::new(path);
        let file = file.map(|text| ConfigurationFile::read(path, text, &BTreeMap::new(), &mut findings));
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Environment::new(variables, &[]);
        let flags: Vec<_> = flags
            .iter()
            .map(|(flag, text)| (with_flag(flag), (*text).to_owned()))
            .collect();
        let settings = Settings::resolve(&flags, file.as_ref(), &environment, &mut findings);
        Outcome {
            settings,
            problems: findings.problems,
            warnings: findings.warnings,
        }
    }

    fn with_flag(flag: &str) -> &'static Setting {
        all()
            .find(|setting| setting.flag().as_deref() == Some(flag))
            .unwrap()
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
        for setting in SECTIONS.into_iter().flat_map(of_section) {
            let (key, allowed) = (setting.key, setting.kind.allowed());
            let section = setting.group.section.unwrap();
            if matches!(setting.kind, kind::Kind::Secret(_)) {
                continue;
            }
            let is_free =
                setting.kind.is_path() || ["host", "allowed_hosts", "allowed_origins"].contains(&key);
            for text in if is_free { &[""][..] } else { &["", "x", "-1"] } {
                let flag = setting.flag().unwrap();
                let found = resolve(&[(&flag, text)], None, &[]);
                assert_eq!(
                    found.problems[0],
                    format!("--{flag}: \"{text}\" is not valid; allowed: {allowed}")
                );
            }
            if key == "tls" {
                continue;
            }
            let name = setting.variables().remove(0);
            let file = match key.strip_prefix("tls.") {
                None => format!("{section}:\n  {key}: []\n"),
                Some(key) => format!("{section}: {{tls: {{\n  {key}: []}}}}\n"),
            };
            let found = resolve(&[], Some(&file), &[(&name, "1")]);
            assert_eq!(
                found.problems[0],
                format!("plugins.yaml:2: {section}.{key}: \"\" is not valid; allowed: {allowed}")
            );
            let ignored = usize::from(!setting.is_of_others);
            assert_eq!(found.warnings.len(), ignored, "{key}: {:?}", found.warnings);
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
