//! Settings as they were written, before they mean anything.

use super::{Flags, Setting, all, of_section};
use crate::{
    environment::Environment,
    launch::yaml::{ConfigurationFile, SECTIONS},
    nearest::nearest,
};

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

/// Paths that depend on the directory in which the server is started, each with the place where it is written.
pub(crate) fn relative_paths(
    flags: &Flags,
    file: Option<&ConfigurationFile>,
    environment: &Environment,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut note = |place: String, text: &str| {
        let text = text.trim();
        if !text.is_empty() && !text.starts_with(['/', '~']) {
            found.push((place, text.to_owned()));
        }
    };
    for name in SECTIONS {
        let section = file.and_then(|file| file.section(name));
        for setting in of_section(name).filter(|setting| setting.kind.is_path()) {
            let flag = flags.iter().find(|(given, _)| std::ptr::eq(*given, setting));
            if let Some((_, text)) = flag {
                note(format!("--{}", setting.flag().unwrap_or_default()), text);
            } else if let Some((name, text)) = setting.in_environment(environment)
                && section.is_none()
            {
                note(name, text);
            }
            let given = section.into_iter().flat_map(|section| &section.settings);
            for given in given.filter(|given| given.key == setting.key) {
                note(
                    format!("{name}.{}", given.key),
                    given.value.as_deref().unwrap_or_default(),
                );
            }
        }
    }
    found
}

/// Variables that begin like ours and that no program reads, or only others: a line for each.
pub(crate) fn foreign_variables(environment: &Environment) -> Vec<String> {
    let known: Vec<String> = all().flat_map(Setting::variables).collect();
    let ours = environment
        .names()
        .filter(|name| name.starts_with("PLUGINS_") && !known.iter().any(|known| known == name));
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
                let meant = nearest(name, known.iter().map(String::as_str))
                    .map(|known| format!(": did you mean {known}?"))
                    .unwrap_or_default();
                Some(format!("{name} is not known, and ignored{meant}"))
            }
        }
    })
    .collect()
}
