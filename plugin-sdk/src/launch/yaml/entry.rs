//! One entry of `plugins:`, checked by the rules that the hosts apply to it (protocol.md, section 9.1).

use super::findings::Findings;
use super::node::{Content, Node, to_map};
use super::vocabulary::{
    CAPABILITIES, CONDITION_KEYS, ENFORCE_IGNORE_ERROR, ENTRY_KEYS, LEGACY_MODES, MODES, ON_ERROR,
    TRANSPORT_KEYS,
};
use crate::nearest::{suggestion, unknown};
use crate::value::Map;

/// A valid entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// `plugins[2]`
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// `None` when the file leaves it to the plugin.
    pub(crate) hooks: Option<Vec<String>>,
    pub(crate) mode: Option<String>,
    pub(crate) on_error: Option<String>,
    pub(crate) settings: Map,
    /// What hosts are told: the entry as the file has it, as far as hosts know its keys.
    pub(crate) reported: Map,
    node: Node,
}

impl Entry {
    /// The line of `path`, a path within the entry such as `config.words[0]`.
    pub(crate) fn line_of(&self, path: &str) -> u64 {
        self.node.line_of(path)
    }

    /// Whether a failed call is to be answered with a result that lets it pass.
    pub(crate) fn ignores_errors(&self) -> Option<bool> {
        match (self.on_error.as_deref(), self.mode.as_deref()) {
            (Some(on_error), _) => Some(matches!(on_error, "ignore" | "disable")),
            (None, Some(ENFORCE_IGNORE_ERROR)) => Some(true),
            (None, _) => None,
        }
    }

    /// Checks `node`, the entry at `index`. `None` if it cannot be used; then the findings say why.
    pub(crate) fn read(index: usize, node: &Node, findings: &mut Findings) -> Option<Self> {
        let path = format!("plugins[{index}]");
        let Some(fields) = node.as_mapping() else {
            let message = format!("must be a mapping with name and kind, not {}", node.kind_name());
            findings.problem(node.line, &path, message);
            return None;
        };
        let before = findings.problems.len();
        let mut reader = Reader {
            path: &path,
            node,
            findings,
        };
        reader.check_keys(fields);
        let name = reader.required("name");
        let kind = reader.required("kind");
        if kind.as_deref() == Some("external") {
            let message = "\"external\" belongs into the gateway's file, where it points at this server; \
                           here the kind is that of the plugin to run";
            reader.problem("kind", message);
        }
        for key in ["description", "author", "namespace", "version"] {
            reader.optional_string(key);
        }
        let hooks = reader.strings("hooks");
        reader.strings("tags");
        let mode = reader.one_of("mode", &MODES, &LEGACY_MODES);
        let on_error = reader.one_of("on_error", &ON_ERROR, &[]);
        reader.integer("priority");
        reader.integer("max_content_size");
        reader.conditions();
        reader.capabilities();
        reader.optional_mapping("applied_to");
        let settings = reader.optional_mapping("config").map(to_map).unwrap_or_default();
        if findings.problems.len() > before {
            return None;
        }
        let known = fields
            .iter()
            .filter(|(key, _)| ENTRY_KEYS.contains(&key.as_str()));
        let reported = known
            .map(|(key, value)| (key.clone(), value.to_value()))
            .collect();
        let (name, kind) = (name?, kind?);
        Some(Self {
            path,
            name,
            kind,
            hooks,
            mode,
            on_error,
            settings,
            reported,
            node: node.clone(),
        })
    }
}

/// Reads the keys of one entry and notes what is wrong with them.
struct Reader<'a> {
    path: &'a str,
    node: &'a Node,
    findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    fn problem(&mut self, key: &str, message: impl AsRef<str>) {
        self.findings
            .problem(self.node.line_of(key), &format!("{}.{key}", self.path), message);
    }

    fn warning(&mut self, key: &str, message: impl AsRef<str>) {
        self.findings
            .warning(self.node.line_of(key), &format!("{}.{key}", self.path), message);
    }

    /// The value of `key`; a null is noted as a problem and counts as absent.
    fn not_null(&mut self, key: &str, remedy: &str) -> Option<&'a Node> {
        let value = self.node.get(key)?;
        if value.is_null() {
            self.problem(key, format!("must not be null; {remedy} or leave the key out"));
            return None;
        }
        Some(value)
    }

    fn wrong_type(&mut self, key: &str, expected: &str, found: &Node) {
        let remedy = match (expected, &found.content) {
            ("a string", Content::Number(_) | Content::Bool(_)) => "; put it in quotes",
            _ => "",
        };
        self.problem(
            key,
            format!("must be {expected}, not {}{remedy}", found.kind_name()),
        );
    }

    fn check_keys(&mut self, fields: &[(String, Node)]) {
        for (key, _) in fields {
            if TRANSPORT_KEYS.contains(&key.as_str()) {
                let message =
                    "is ignored: it belongs into the gateway's file, where it points at this server";
                self.warning(key, message);
            } else if !ENTRY_KEYS.contains(&key.as_str()) {
                self.warning(
                    key,
                    format!("unknown key, ignored{}", suggestion(key, ENTRY_KEYS)),
                );
            }
        }
    }

    fn required(&mut self, key: &str) -> Option<String> {
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

    fn optional_string(&mut self, key: &str) {
        if let Some(value) = self.node.get(key)
            && !value.is_null()
            && value.as_str().is_none()
        {
            self.wrong_type(key, "a string", value);
        }
    }

    fn optional_mapping(&mut self, key: &str) -> Option<&'a [(String, Node)]> {
        let value = self.node.get(key).filter(|value| !value.is_null())?;
        let mapping = value.as_mapping();
        if mapping.is_none() {
            self.wrong_type(key, "a mapping", value);
        }
        mapping
    }

    fn strings(&mut self, key: &str) -> Option<Vec<String>> {
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

    /// Hosts also take an integral double and digits in a string.
    fn integer(&mut self, key: &str) {
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
                Some(name) if !CAPABILITIES.contains(&name) => {
                    self.problem(&path, unknown("capability", name, CAPABILITIES));
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
