//! The keys of one entry of `plugins:`, checked by the rules that the hosts apply to it ([protocol, section
//! 9.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#91-plugin-entry)).

use crate::{
    manifest::{Capability, Mode, OnError},
    nearest::{suggestion, unknown},
    yaml::{
        findings::Findings,
        node::{Content, Node},
        vocabulary::{CONDITION_KEYS, LEGACY_MODES},
    },
};

/// Reads the keys of one entry and notes what is wrong with them.
pub(crate) struct Fields<'a> {
    /// Where the entry stands, such as `plugins[2]`; empty for a document of its own.
    pub(crate) path: &'a str,
    pub(crate) node: &'a Node,
    pub(crate) findings: &'a mut Findings,
}

/// The keys that both sides read.
#[derive(Debug, Default)]
pub(crate) struct Behaviour {
    /// `None` when the file leaves it to the plugin.
    pub(crate) hooks: Option<Vec<String>>,
    /// Also by one of its older names.
    pub(crate) mode: Option<String>,
    pub(crate) on_error: Option<OnError>,
}

impl<'a> Fields<'a> {
    /// Checks all keys but `name`, `kind`, `config`, and those by which a host finds the server.
    pub(crate) fn behaviour(&mut self) -> Behaviour {
        for key in ["description", "author", "namespace", "version"] {
            self.optional_string(key);
        }
        let hooks = self.strings("hooks");
        self.strings("tags");
        let mode = self.one_of("mode", Mode::NAMES, &LEGACY_MODES);
        let on_error = self.one_of("on_error", OnError::NAMES, &[]);
        self.integer("priority");
        self.integer("max_content_size");
        self.conditions();
        self.capabilities();
        self.applied_to();
        Behaviour {
            hooks,
            mode,
            on_error: on_error.as_deref().and_then(OnError::from_name),
        }
    }

    /// Where a key stands.
    pub(crate) fn place(&self, key: &str) -> String {
        match self.path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    pub(crate) fn problem(&mut self, key: &str, message: impl AsRef<str>) {
        self.findings
            .problem(self.node.line_of(key), &self.place(key), message);
    }

    pub(crate) fn warning(&mut self, key: &str, message: impl AsRef<str>) {
        self.findings
            .warning(self.node.line_of(key), &self.place(key), message);
    }

    /// The value of `key`; a null is noted as a problem and counts as absent.
    pub(crate) fn not_null(&mut self, key: &str, remedy: &str) -> Option<&'a Node> {
        let value = self.node.get(key)?;
        if value.is_null() {
            self.problem(key, format!("must not be null; {remedy} or leave the key out"));
            return None;
        }
        Some(value)
    }

    pub(crate) fn wrong_type(&mut self, key: &str, expected: &str, found: &Node) {
        let remedy = match (expected, &found.content) {
            ("a string", Content::Number(_) | Content::Bool(_) | Content::Date(_)) => "; put it in quotes",
            _ => "",
        };
        self.problem(
            key,
            format!("must be {expected}, not {}{remedy}", found.kind_name()),
        );
    }

    pub(crate) fn required(&mut self, key: &str) -> Option<String> {
        let Some(value) = self.node.get(key) else {
            self.findings
                .problem(self.node.line, self.path, format!("{key} is missing"));
            return None;
        };
        match value.as_str() {
            Some("") => {
                self.problem(key, "must not be empty");
                None
            }
            Some(string) => Some(string.to_owned()),
            None => {
                self.wrong_type(key, "a string", value);
                None
            }
        }
    }

    pub(crate) fn optional_string(&mut self, key: &str) {
        if let Some(value) = self.node.get(key)
            && !value.is_null()
            && value.as_str().is_none()
        {
            self.wrong_type(key, "a string", value);
        }
    }

    pub(crate) fn optional_mapping(&mut self, key: &str) -> Option<&'a [(String, Node)]> {
        let value = self.node.get(key).filter(|value| !value.is_null())?;
        let mapping = value.as_mapping();
        if mapping.is_none() {
            self.wrong_type(key, "a mapping", value);
        }
        mapping
    }

    pub(crate) fn strings(&mut self, key: &str) -> Option<Vec<String>> {
        let value = self.not_null(key, "write a list of strings")?;
        let Some(items) = value.as_sequence() else {
            self.wrong_type(key, "a list of strings", value);
            return None;
        };
        let mut strings = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(string) => strings.push(string.to_owned()),
                None => self.wrong_type(&format!("{key}[{index}]"), "a string", item),
            }
        }
        Some(strings)
    }

    fn one_of(&mut self, key: &str, known: &[&'static str], legacy: &[&'static str]) -> Option<String> {
        let value = self.not_null(key, &format!("write one of {}", known.join(", ")))?;
        let Some(string) = value.as_str() else {
            self.wrong_type(key, "a string", value);
            return None;
        };
        if known.contains(&string) || legacy.contains(&string) {
            return Some(string.to_owned());
        }
        self.problem(key, unknown(key, string, known.iter().chain(legacy).copied()));
        None
    }

    /// Hosts also take an integral double, digits in a string, and a boolean.
    pub(crate) fn integer(&mut self, key: &str) {
        let Some(value) = self.not_null(key, "write a whole number") else {
            return;
        };
        let integral = match &value.content {
            Content::Number(number) => {
                number.is_i64()
                    || number.is_u64()
                    || number.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            Content::String(string) => string.trim().parse::<i64>().is_ok(),
            Content::Bool(_) => true,
            _ => false,
        };
        if !integral {
            self.problem(key, format!("must be a whole number, not {}", written(value)));
        }
    }

    fn conditions(&mut self) {
        let Some(value) = self.not_null("conditions", "write a list of conditions") else {
            return;
        };
        let Some(items) = value.as_sequence() else {
            return self.wrong_type("conditions", "a list of conditions", value);
        };
        for (index, condition) in items.iter().enumerate() {
            let path = format!("conditions[{index}]");
            let Some(fields) = condition.as_mapping() else {
                self.wrong_type(&path, "a mapping", condition);
                continue;
            };
            for (key, value) in fields {
                let path = format!("{path}.{key}");
                if !CONDITION_KEYS.contains(&key.as_str()) {
                    let meant = suggestion(key, CONDITION_KEYS);
                    self.warning(&path, format!("unknown key, ignored{meant}"));
                } else if !value.is_null() && !is_list_of_strings(value) {
                    self.wrong_type(&path, "a list of strings", value);
                }
            }
        }
    }

    fn capabilities(&mut self) {
        let Some(value) = self.node.get("capabilities").filter(|value| !value.is_null()) else {
            return;
        };
        let Some(items) = value.as_sequence() else {
            // Hosts read anything else as no capabilities at all, so it is not an error for them.
            return self.warning("capabilities", "is ignored: it must be a list of strings");
        };
        for (index, item) in items.iter().enumerate() {
            let path = format!("capabilities[{index}]");
            match item.as_str() {
                None => self.wrong_type(&path, "a string", item),
                Some(name) if Capability::from_name(name).is_none() => {
                    let known = Capability::NAMES.iter().copied();
                    self.problem(&path, unknown("capability", name, known));
                }
                Some(_) => {}
            }
        }
    }
}

fn is_list_of_strings(value: &Node) -> bool {
    value
        .as_sequence()
        .is_some_and(|items| items.iter().all(|item| item.as_str().is_some()))
}

fn written(value: &Node) -> String {
    match &value.content {
        Content::Number(number) => number.to_string(),
        Content::String(string) => format!("\"{string}\""),
        _ => value.kind_name().to_owned(),
    }
}
