//! The section `mcp`.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    address::Allowed,
    target::{ClientTls, HttpTarget, StdioTarget, Target},
    url,
    variables::Variables,
};
use crate::{environment::path, nearest::unknown, yaml::fields::Fields};

const KEYS: [&str; 10] = [
    "proto",
    "url",
    "script",
    "cmd",
    "env",
    "cwd",
    "uds",
    "tls",
    "reconnect_attempts",
    "reconnect_delay",
];

const STREAMABLE_HTTP: &str = "STREAMABLEHTTP";
const STDIO: &str = "STDIO";
const SSE: &str = "SSE";

pub(super) fn read(section: &mut Fields<'_>, variables: &Variables) -> Option<Target> {
    section.only(&KEYS);
    match section.required("proto")?.as_str() {
        STREAMABLE_HTTP => http(section, variables).map(Target::Http),
        STDIO => stdio(section).map(Target::Stdio),
        SSE => {
            http(section, variables)?;
            section.warning(
                "proto",
                "hosts accept SSE but can't connect with it; write STREAMABLEHTTP",
            );
            Some(Target::Sse)
        }
        other => {
            let message = unknown("transport", other, [STREAMABLE_HTTP, STDIO]);
            section.problem("proto", message);
            None
        }
    }
}

fn http(section: &mut Fields<'_>, variables: &Variables) -> Option<HttpTarget> {
    for key in ["script", "cmd", "env", "cwd"] {
        let is_set = match key {
            "script" | "cwd" => section.non_empty(key).is_some(),
            _ => section.has(key),
        };
        if is_set {
            section.problem(key, "belongs to STDIO; leave it out, or write `proto: STDIO`");
        }
    }
    let reconnect = section.reconnect();
    let uds = section.uds();
    let mut tls = ClientTls::read(section);
    if section.has("uds") && section.has("tls") {
        section.problem("tls", "there is no TLS on a Unix socket; leave it out");
    }
    let Some(url) = section.non_empty("url") else {
        let message =
            "url is missing; write that of the server, such as http://localhost:8000/mcp (with uds too)";
        section.findings.problem(section.node.line, section.path, message);
        return None;
    };
    let protects = section.checked("url", variables.ssrf_protection())?;
    let host = match url::check(&url, protects) {
        Ok(host) => host,
        Err(message) => {
            section.problem("url", message);
            return None;
        }
    };
    if tls.is_none() && uds.is_none() {
        tls = section.of_variables(variables.mcp_tls());
        if tls.is_none() && section.checked("url", variables.skips_verification())? {
            tls = Some(ClientTls::UNVERIFIED);
        }
    }
    Some(HttpTarget {
        addresses: if protects {
            Allowed::to(&host, variables.allowed_hosts())
        } else {
            Allowed::All
        },
        url,
        uds,
        tls,
        reconnect,
    })
}

fn stdio(section: &mut Fields<'_>) -> Option<StdioTarget> {
    for key in ["url", "tls", "uds"] {
        let is_set = match key {
            "url" => section.non_empty(key).is_some(),
            _ => section.has(key),
        };
        if is_set {
            section.problem(
                key,
                "belongs to STREAMABLEHTTP; leave it out, or write `proto: STREAMABLEHTTP`",
            );
        }
    }
    let reconnect = section.reconnect();
    let environment = environment(section);
    let directory = section.non_empty("cwd").and_then(|text| {
        let directory = path(&text).filter(|path| path.is_dir());
        if directory.is_none() {
            section.problem("cwd", format!("there is no directory {text}"));
        }
        directory
    });
    let script = section.non_empty("script");
    let command = match (script, section.has("cmd")) {
        (Some(_), true) => {
            section.problem(
                "script",
                "there is also cmd; the server is started by one of the two",
            );
            None
        }
        (Some(script), false) => of_script(section, &script),
        (None, true) => command(section),
        (None, false) => {
            let message = "needs cmd (a list of the program and its arguments) or script";
            section.findings.problem(section.node.line, section.path, message);
            None
        }
    };
    Some(StdioTarget {
        command: command?,
        environment,
        directory,
        reconnect,
    })
}

fn command(section: &mut Fields<'_>) -> Option<Vec<String>> {
    let command = section.strings("cmd")?;
    if command.is_empty() {
        section.problem("cmd", "must not be empty; write the program and its arguments");
    }
    for (index, part) in command.iter().enumerate() {
        if part.trim().is_empty() {
            section.problem(&format!("cmd[{index}]"), "must not be blank");
        }
    }
    Some(command)
}

/// What a script is started with. A relative one belongs to the directory that it is started in, and is looked for then.
fn of_script(section: &mut Fields<'_>, script: &str) -> Option<Vec<String>> {
    use std::os::unix::fs::PermissionsExt;

    let is_home = script.starts_with("~/");
    let file = if is_home {
        path(script)?
    } else {
        PathBuf::from(script)
    };
    let extension = file.extension().and_then(|extension| extension.to_str());
    if file.is_absolute() {
        let Ok(metadata) = file.metadata() else {
            section.problem("script", format!("there is no file {script}"));
            return None;
        };
        let is_executable = metadata.permissions().mode() & 0o111 != 0;
        if !metadata.is_file() || !(is_executable || matches!(extension, Some("py" | "sh"))) {
            section.problem(
                "script",
                format!("{script} must be a .py or .sh file, or executable"),
            );
            return None;
        }
    }
    let program = match extension {
        Some("py") => Some("python3"),
        Some("sh") => Some("sh"),
        _ => None,
    };
    let file = file.to_str()?.to_owned();
    Some(program.map(str::to_owned).into_iter().chain([file]).collect())
}

fn environment(section: &mut Fields<'_>) -> BTreeMap<String, String> {
    let Some(entries) = section.optional_mapping("env") else {
        return BTreeMap::new();
    };
    if entries.is_empty() {
        section.problem("env", "must not be empty; leave it out");
    }
    let mut environment = BTreeMap::new();
    for (name, value) in entries {
        let key = format!("env.{name}");
        if name.trim().is_empty() {
            section.problem("env", "a variable needs a name");
        }
        match value.as_str() {
            Some(value) => {
                environment.insert(name.clone(), value.to_owned());
            }
            None => section.wrong_type(&key, "a string", value),
        }
    }
    environment
}

impl Fields<'_> {
    /// The value of a variable, a mistake in which is one of the key that it is used for.
    fn checked(&mut self, key: &str, variable: Result<bool, String>) -> Option<bool> {
        variable.map_err(|message| self.problem(key, message)).ok()
    }
}
