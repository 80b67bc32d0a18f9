//! Settings as they were written, before they mean anything.

use super::{Setting, all};
use crate::{
    environment::Environment,
    launch::yaml::{ConfigurationFile, GRPC_SECTION, HTTP_SECTION, Section, UNIX_SECTION},
    nearest::nearest,
};

/// Variables of the server that are no settings of the table.
const OWN_VARIABLES: [&str; 4] = [
    "PLUGINS_CONFIG_PATH",
    "PLUGINS_LOG_LEVEL",
    "PLUGINS_TRANSPORT",
    "PLUGINS_FAIL_ON_PLUGIN_ERROR",
];

/// Variables of gateways and of other plugin servers, and what this server has in the place of some. What begins with one of the
/// others is theirs as well.
const VARIABLES_OF_OTHERS: &[(&str, &str)] = &[
    ("PLUGINS_CONFIG_FILE", "PLUGINS_CONFIG_PATH"),
    ("PLUGINS_PLUGIN_TIMEOUT", "PLUGINS_CALL_TIMEOUT"),
    ("PLUGINS_ENABLED", ""),
    ("PLUGINS_EXECUTION_POOL", ""),
    ("PLUGINS_DEFAULT_HOOK_POLICY", ""),
    ("PLUGINS_SSRF_", ""),
    ("PLUGINS_SKIP_SSL_VERIFY", ""),
    ("PLUGINS_CLIENT_MTLS_", ""),
    ("PLUGINS_GRPC_CLIENT_MTLS_", ""),
    ("PLUGINS_HTTPX_", ""),
    ("PLUGINS_CLI_", ""),
    ("PLUGINS_CAN_OVERRIDE_", ""),
    #[cfg(not(feature = "grpc"))]
    ("PLUGINS_GRPC_SERVER_", ""),
    #[cfg(not(feature = "mcp"))]
    ("PLUGINS_SERVER_", ""),
];

impl Setting {
    /// Whether it is the path of a file or a socket.
    fn is_path(&self) -> bool {
        matches!(
            self.key,
            "path" | "uds" | "tls.certfile" | "tls.keyfile" | "tls.ca_bundle"
        )
    }
}

/// Paths that depend on the directory in which the server is started, each with the place where it is written.
pub(crate) fn relative_paths(
    flags: &[(&'static str, String)],
    file: Option<&ConfigurationFile>,
    environment: &Environment,
) -> Vec<(String, String)> {
    let is_relative = |text: &str| !text.is_empty() && !text.starts_with(['/', '~']);
    let mut found = Vec::new();
    let mut note = |place: String, text: &str| {
        if is_relative(text.trim()) {
            found.push((place, text.trim().to_owned()));
        }
    };
    let of_file = |name| file.and_then(|file| file.section(name));
    let sections: [Option<&Section>; 3] = [UNIX_SECTION, GRPC_SECTION, HTTP_SECTION].map(of_file);
    for setting in all().filter(|setting| setting.is_path()) {
        if let Some((flag, text)) = flags.iter().find(|(flag, _)| *flag == setting.flag) {
            note(format!("--{flag}"), text);
        } else if let Some((name, text)) = environment.get(setting.variables)
            && !setting.has_section(&sections)
        {
            note(name.to_owned(), text);
        }
    }
    for section in sections.into_iter().flatten() {
        for given in &section.settings {
            let is_path = all().any(|setting| setting.key == given.key && setting.is_path());
            if let Some(text) = given.value.as_deref().filter(|_| is_path) {
                note(format!("{}.{}", section.name, given.key), text);
            }
        }
    }
    found
}

impl Setting {
    /// Whether the file has the section that takes the place of its variables.
    fn has_section(&self, sections: &[Option<&Section>; 3]) -> bool {
        let variable = self.variables.first().copied().unwrap_or_default();
        let section = if variable.starts_with("PLUGINS_GRPC_SERVER_") {
            1
        } else if variable.starts_with("PLUGINS_SERVER_") {
            2
        } else {
            0
        };
        sections[section].is_some()
    }
}

/// Variables that begin like ours and that nobody reads, or that only others read: a line for each.
pub(crate) fn foreign_variables(environment: &Environment) -> Vec<String> {
    let known: Vec<&str> = all()
        .flat_map(|setting| setting.variables)
        .copied()
        .chain(OWN_VARIABLES)
        .collect();
    let ours = environment
        .names()
        .filter(|name| name.starts_with("PLUGINS_") && !known.contains(name));
    ours.filter_map(|name| {
        let other = VARIABLES_OF_OTHERS
            .iter()
            .find(|(other, _)| name == *other || other.ends_with('_') && name.starts_with(other));
        match other {
            Some((_, "")) => None,
            Some((_, own)) => Some(format!(
                "{name} is a variable of gateways, and ignored here: the server has {own}"
            )),
            None => {
                let meant = nearest(name, known.iter().copied())
                    .map(|known| format!(": did you mean {known}?"))
                    .unwrap_or_default();
                Some(format!("{name} is not known, and ignored{meant}"))
            }
        }
    })
    .collect()
}
