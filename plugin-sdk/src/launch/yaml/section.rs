//! The sections of the file that set up the servers.

use super::UNIX_SECTION;
use crate::yaml::findings::Findings;
use crate::yaml::node::Node;

/// A section within a section, whose keys count as `tls.certfile` and so on.
const TLS: &str = "tls";

/// A section with settings of the server: its keys as the file writes them.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) settings: Vec<SectionSetting>,
}

/// One key of a section.
#[derive(Debug)]
pub(crate) struct SectionSetting {
    pub(crate) key: String,
    /// The items of a list with commas. `None` when the value is no scalar and no list of them.
    pub(crate) value: Option<String>,
    pub(crate) line: u64,
}

impl Section {
    pub(super) fn read(name: &'static str, section: &Node, findings: &mut Findings) -> Option<Self> {
        if section.is_null() {
            return None;
        }
        let Some(entries) = section.as_mapping() else {
            findings.problem(
                section.line,
                name,
                format!("must be a mapping, not {}", section.kind_name()),
            );
            return None;
        };
        let mut settings = Vec::new();
        for (key, value) in entries {
            let setting = |key: String, value: &Node| SectionSetting {
                key,
                value: written(value),
                line: value.line,
            };
            match value.as_mapping() {
                Some(inner) if key == TLS => {
                    settings.push(SectionSetting {
                        key: key.clone(),
                        // That the section is there says that it is meant.
                        value: Some(true.to_string()),
                        line: value.line,
                    });
                    let inner = inner.iter().filter(|(_, value)| !value.is_null());
                    settings.extend(inner.map(|(inner, value)| setting(format!("{key}.{inner}"), value)));
                }
                // The Python server takes it for no key, and then serves plain text.
                None if key == TLS && value.is_null() && name != UNIX_SECTION => findings.problem(
                    value.line,
                    &format!("{name}.{TLS}"),
                    "is empty: name certfile and keyfile in it, or write `tls: false` to serve without TLS",
                ),
                // As on the Python server: the same as no key.
                None if value.is_null() && name != UNIX_SECTION => {}
                _ => settings.push(setting(key.clone(), value)),
            }
        }
        Some(Self { name, settings })
    }
}

fn written(value: &Node) -> Option<String> {
    match value.as_sequence() {
        Some([]) | None => value.written(),
        Some(items) => {
            let items: Option<Vec<_>> = items.iter().map(Node::written).collect();
            Some(items?.join(","))
        }
    }
}
