//! One entry of `plugins:` of a server ([protocol, section
//! 9.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#91-plugin-entry)).

use crate::manifest::OnError;
use crate::nearest::suggestion;
use crate::value::Map;
use crate::yaml::fields::{Behaviour, Fields};
use crate::yaml::findings::Findings;
use crate::yaml::node::{Node, to_map};
use crate::yaml::vocabulary::{ENFORCE_IGNORE_ERROR, ENTRY_KEYS, TRANSPORT_KEYS};

/// A valid entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// `plugins[2]`
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// `None` when the file leaves it to the plugin.
    pub(crate) hooks: Option<Vec<String>>,
    /// Also by one of its older names.
    pub(crate) mode: Option<String>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) settings: Map,
    /// What hosts are told: the entry as the file has it, as far as hosts know its keys.
    pub(crate) reported: Map,
    /// Whether nothing is wrong with it.
    pub(crate) is_sound: bool,
    node: Node,
}

impl Entry {
    /// The line of `path`, a path within the entry such as `config.words[0]`.
    pub(crate) fn line_of(&self, path: &str) -> u64 {
        self.node.line_of(path)
    }

    /// Whether a failed call is to be answered with a result that lets it pass.
    pub(crate) fn ignores_errors(&self) -> Option<bool> {
        match (self.on_error, self.mode.as_deref()) {
            (Some(on_error), _) => Some(on_error != OnError::Fail),
            (None, Some(ENFORCE_IGNORE_ERROR)) => Some(true),
            (None, _) => None,
        }
    }

    /// Checks `node`, the entry at `index`. `None` if it does not say what it is for; then the findings say why. An entry with another
    /// mistake is there, so that its plugin can still be tried with its settings.
    pub(crate) fn read(index: usize, node: &Node, findings: &mut Findings) -> Option<Self> {
        let path = format!("plugins[{index}]");
        let Some(fields) = node.as_mapping() else {
            let message = format!("must be a mapping with name and kind, not {}", node.kind_name());
            findings.problem(node.line, &path, message);
            return None;
        };
        let problems = findings.problems.len();
        let mut reader = Fields {
            path: &path,
            node,
            findings,
        };
        check_keys(&mut reader, fields);
        let name = reader.required("name");
        let kind = reader.required("kind");
        let is_external = kind.as_deref() == Some("external");
        if is_external {
            let message = "\"external\" belongs into the gateway's file, where it points at this server; \
                           here the kind is that of the plugin to run";
            reader.problem("kind", message);
        }
        let Behaviour {
            hooks,
            mode,
            on_error,
        } = reader.behaviour();
        let before = reader.findings.problems.len();
        let settings = reader.optional_mapping("config").map(to_map).unwrap_or_default();
        let has_settings = reader.findings.problems.len() == before;
        let known = fields
            .iter()
            .filter(|(key, _)| ENTRY_KEYS.contains(&key.as_str()));
        let reported = known
            .map(|(key, value)| (key.clone(), value.to_value()))
            .collect();
        let (name, kind) = (name?, kind?);
        (has_settings && !is_external).then_some(Self {
            path,
            name,
            kind,
            hooks,
            mode,
            on_error,
            settings,
            reported,
            is_sound: findings.problems.len() == problems,
            node: node.clone(),
        })
    }
}

fn check_keys(reader: &mut Fields<'_>, fields: &[(String, Node)]) {
    for (key, _) in fields {
        if TRANSPORT_KEYS.contains(&key.as_str()) {
            let message = "is ignored: it belongs into the gateway's file, where it points at this server";
            reader.warning(key, message);
        } else if !ENTRY_KEYS.contains(&key.as_str()) {
            reader.warning(
                key,
                format!("unknown key, ignored{}", suggestion(key, ENTRY_KEYS)),
            );
        }
    }
}
