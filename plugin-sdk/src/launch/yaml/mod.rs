//! The server's configuration file: which instances run, and how the server is set up.

pub(crate) mod entry;
mod section;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use self::entry::Entry;
pub(crate) use self::section::Section;
use crate::nearest::suggestion;
pub(crate) use crate::yaml::findings;
use crate::yaml::findings::Findings;
use crate::yaml::vocabulary::FILE_KEYS;
use crate::yaml::{document, fields::Fields, node::Node};

/// The section of the file that sets up the Unix socket server.
pub(crate) const UNIX_SECTION: &str = "unix_socket_server_settings";
/// The section of the file that sets up the gRPC server.
pub(crate) const GRPC_SECTION: &str = "grpc_server_settings";

/// The section of the file that sets up the MCP server over HTTP.
pub(crate) const HTTP_SECTION: &str = "server_settings";

/// All of them.
pub(crate) const SECTIONS: [&str; 3] = [UNIX_SECTION, GRPC_SECTION, HTTP_SECTION];

/// Those of servers that this build does not have.
const NOT_SERVED: &[&str] = &[
    #[cfg(not(feature = "grpc"))]
    GRPC_SECTION,
    #[cfg(not(feature = "mcp"))]
    HTTP_SECTION,
];

/// A configuration file that was read.
#[derive(Debug)]
pub(crate) struct ConfigurationFile {
    pub(crate) path: PathBuf,
    /// The instances to run, in the order of the file.
    pub(crate) entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    sections: Vec<Section>,
}

impl ConfigurationFile {
    /// Reads the text of the file at `path`. What is wrong goes to `findings`; the outcome holds what is
    /// right, so that a check can look at the rest too.
    pub(crate) fn read(
        path: &Path,
        source: &str,
        variables: &BTreeMap<String, String>,
        findings: &mut Findings,
    ) -> Self {
        let mut file = Self {
            path: path.to_owned(),
            entries: Vec::new(),
            by_name: HashMap::new(),
            sections: Vec::new(),
        };
        if let Some(root) = document::parse(source, variables, findings) {
            file.read_root(&root, findings);
        }
        file
    }

    /// The entry of this name.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.by_name.get(name).map(|at| &self.entries[*at])
    }

    /// The section of this name, if it is there.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    fn read_root(&mut self, root: &Node, findings: &mut Findings) {
        if root.is_empty() {
            return;
        }
        let Some(keys) = root.as_mapping() else {
            let message = format!(
                "the file must be a mapping with the key plugins, not {}",
                root.kind_name()
            );
            return findings.problem(root.line, "", message);
        };
        for (key, value) in keys {
            match key.as_str() {
                "plugins" => self.read_plugins(value, findings),
                "plugin_dirs" => {
                    let mut fields = Fields {
                        path: "",
                        node: root,
                        findings,
                    };
                    if fields
                        .strings(key)
                        .is_some_and(|directories| !directories.is_empty())
                    {
                        fields.warning(key, "is ignored: the plugins are part of this program");
                    }
                }
                "plugin_settings" => {
                    findings.warning(value.line, key, "is ignored: the host decides about these");
                }
                name if NOT_SERVED.contains(&name) => {
                    let message = "is ignored: this build does not serve that transport";
                    findings.warning(value.line, key, message);
                }
                UNIX_SECTION | GRPC_SECTION | HTTP_SECTION => {
                    let name = SECTIONS.into_iter().find(|name| name == key);
                    let section = name.and_then(|name| Section::read(name, value, findings));
                    self.sections.extend(section);
                }
                _ if FILE_KEYS.contains(&key.as_str()) => {}
                _ => {
                    let meant = suggestion(key, FILE_KEYS);
                    findings.warning(value.line, key, format!("unknown key, ignored{meant}"));
                }
            }
        }
    }

    fn read_plugins(&mut self, plugins: &Node, findings: &mut Findings) {
        if plugins.is_null() {
            return;
        }
        let Some(items) = plugins.as_sequence() else {
            let message = format!("must be a list, not {}", plugins.kind_name());
            return findings.problem(plugins.line, "plugins", message);
        };
        // By name in small letters: two that differ only in case are hard to tell apart.
        let mut similar: HashMap<String, usize> = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            let Some(entry) = Entry::read(index, item, findings) else {
                continue;
            };
            let (line, path) = (entry.line_of("name"), format!("{}.name", entry.path));
            let place = |earlier: &Entry| format!("{} (line {})", earlier.path, earlier.line_of("name"));
            if let Some(at) = self.by_name.get(&entry.name) {
                let message = format!(
                    "\"{}\" is already the name of {}; this entry is skipped, give each its own",
                    entry.name,
                    place(&self.entries[*at])
                );
                findings.warning(line, &path, message);
                continue;
            }
            if let Some(at) = similar.get(&entry.name.to_lowercase()) {
                let place = place(&self.entries[*at]);
                let message = format!("\"{}\" differs only in case from that of {place}", entry.name);
                findings.warning(line, &path, message);
            }
            similar
                .entry(entry.name.to_lowercase())
                .or_insert(self.entries.len());
            self.by_name.insert(entry.name.clone(), self.entries.len());
            self.entries.push(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> (ConfigurationFile, Findings) {
        let path = Path::new("plugins.yaml");
        let mut findings = Findings::new(path);
        let variables = BTreeMap::from([("NAME".to_owned(), "Named".to_owned())]);
        let file = ConfigurationFile::read(path, source, &variables, &mut findings);
        (file, findings)
    }

    fn problems(source: &str) -> Vec<String> {
        read(source).1.problems
    }

    fn warnings(source: &str) -> Vec<String> {
        let (_, findings) = read(source);
        assert!(findings.problems.is_empty(), "{:?}", findings.problems);
        findings.warnings
    }

    #[test]
    fn an_entry_is_reported_as_the_file_has_it() {
        let (file, findings) = read(
            "plugins:\n\
             - name: '{{ env.NAME }}'\n  kind: probe\n  version: 1.2.3\n  hooks: [tool_pre_invoke]\n  mode: enforce\n\
             \x20 priority: 42\n  zzz: 1\n  unix_socket: {path: /x}\n  description: null\n\
             \x20 config: {ratio: 0.5, nested: {a: [1, {b: null}], é: ✓}}\n",
        );
        assert!(findings.problems.is_empty(), "{:?}", findings.problems);
        let [entry] = file.entries.as_slice() else {
            panic!("{:?}", file.entries)
        };
        assert_eq!(entry.name, "Named");
        assert_eq!(
            entry.hooks.as_deref(),
            Some(["tool_pre_invoke".to_owned()].as_slice())
        );
        assert_eq!(
            serde_json::to_string(&entry.reported).unwrap(),
            r#"{"name":"Named","kind":"probe","version":"1.2.3","hooks":["tool_pre_invoke"],"mode":"enforce","priority":42,"description":null,"config":{"ratio":0.5,"nested":{"a":[1,{"b":null}],"é":"✓"}}}"#
        );
        assert_eq!(
            serde_json::to_string(&entry.settings).unwrap(),
            r#"{"ratio":0.5,"nested":{"a":[1,{"b":null}],"é":"✓"}}"#
        );
    }

    #[test]
    fn an_empty_file_has_no_plugins() {
        for source in [
            "",
            "# nothing\n",
            "[]",
            "plugins:\n",
            "plugins: []\nplugin_dirs: []\n",
        ] {
            let (file, findings) = read(source);
            assert!(file.entries.is_empty() && findings.problems.is_empty() && findings.warnings.is_empty());
        }
    }

    #[test]
    fn on_error_and_the_legacy_mode_decide_what_an_error_does() {
        let ignores = |keys: &str| {
            let (file, _) = read(&format!("plugins: [{{name: a, kind: b{keys}}}]"));
            file.entries[0].ignores_errors()
        };
        assert_eq!(ignores(""), None);
        assert_eq!(ignores(", mode: enforce"), None);
        assert_eq!(ignores(", on_error: fail"), Some(false));
        assert_eq!(ignores(", on_error: ignore"), Some(true));
        assert_eq!(ignores(", on_error: disable"), Some(true));
        assert_eq!(ignores(", mode: enforce_ignore_error"), Some(true));
        assert_eq!(
            ignores(", mode: enforce_ignore_error, on_error: fail"),
            Some(false)
        );
    }

    #[test]
    fn mistakes_name_the_line_the_key_and_the_remedy() {
        let entry = |keys: &str| problems(&format!("plugins:\n- name: a\n  kind: b\n  {keys}\n"));
        for (found, expected) in [
            (
                entry("mode: sequental"),
                "plugins.yaml:4: plugins[0].mode: unknown mode \"sequental\", did you mean \"sequential\"? (known: ",
            ),
            (
                entry("on_error: zzzzzz"),
                "plugins.yaml:4: plugins[0].on_error: unknown on_error \"zzzzzz\" (known: fail, ignore, disable)",
            ),
            (
                entry("hooks:"),
                "plugins.yaml:4: plugins[0].hooks: must not be null; write a list of strings or leave the key out",
            ),
            (
                entry("hooks: tool_pre_invoke"),
                "plugins.yaml:4: plugins[0].hooks: must be a list of strings, not a string",
            ),
            (
                entry("hooks: [a,\n   1]"),
                "plugins.yaml:5: plugins[0].hooks[1]: must be a string, not a number; put it in quotes",
            ),
            (
                entry("version: 1.0"),
                "plugins.yaml:4: plugins[0].version: must be a string, not a number; put it in quotes",
            ),
            (
                entry("priority: 1.5"),
                "plugins.yaml:4: plugins[0].priority: must be a whole number, not 1.5",
            ),
            (
                entry("priority: null"),
                "plugins.yaml:4: plugins[0].priority: must not be null",
            ),
            (
                entry("config: [1]"),
                "plugins.yaml:4: plugins[0].config: must be a mapping, not a list",
            ),
            (
                entry("conditions: [{tools: x}]"),
                "plugins.yaml:4: plugins[0].conditions[0].tools: must be a list of strings",
            ),
            (
                entry("capabilities: [read_header]"),
                "plugins.yaml:4: plugins[0].capabilities[0]: unknown capability \"read_header\", did you mean \"read_headers\"?",
            ),
            (
                problems("plugins:\n- kind: b"),
                "plugins.yaml:2: plugins[0]: name is missing",
            ),
            (
                problems("plugins:\n- name: b"),
                "plugins.yaml:2: plugins[0]: kind is missing",
            ),
            (
                problems("plugins: [{name: '', kind: b}]"),
                "plugins.yaml:1: plugins[0].name: must not be empty",
            ),
            (
                problems("plugins: [a]"),
                "plugins.yaml:1: plugins[0]: must be a mapping with name and kind, not a string",
            ),
            (
                problems("plugins: {a: 1}"),
                "plugins.yaml:1: plugins: must be a list, not a mapping",
            ),
            (
                problems("- a"),
                "plugins.yaml:1: the file must be a mapping with the key plugins, not a list",
            ),
            (
                problems("plugins:\n- name: a\n  kind: external\n"),
                "plugins.yaml:3: plugins[0].kind: \"external\" belongs into the gateway's file",
            ),
            (
                problems("plugin_dirs:"),
                "plugins.yaml:1: plugin_dirs: must not be null; write a list of strings or leave the key out",
            ),
            (
                problems("plugins: []\nplugin_dirs: x"),
                "plugins.yaml:2: plugin_dirs: must be a list of strings, not a string",
            ),
            (
                problems("plugins: [{name: a, kind: b, version: 2026-01-02}]"),
                "plugins.yaml:1: plugins[0].version: must be a string, not a date; put it in quotes",
            ),
            (
                problems("a: {{ env. }}"),
                "plugins.yaml:1: the template cannot be rendered: ",
            ),
            (
                problems("a: 1\nunix_socket_server_settings: 5"),
                "plugins.yaml:2: unix_socket_server_settings: must be a mapping, not a number",
            ),
        ] {
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(expected), "{}\n{expected}", found[0]);
        }
    }

    #[test]
    fn the_second_of_two_entries_with_one_name_is_skipped() {
        let source = "plugins:\n- {name: a, kind: b}\n- {name: a, kind: c}\n";
        assert_eq!(
            warnings(source),
            [
                "plugins.yaml:3: plugins[1].name: \"a\" is already the name of plugins[0] (line 2); this entry is skipped, give each its own"
            ]
        );
        let (file, _) = read(source);
        let kinds: Vec<_> = file.entries.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["b"]);
    }

    #[test]
    fn what_is_read_otherwise_than_it_looks_is_a_warning() {
        assert_eq!(
            warnings("plugins:\n- name: a\n  kind: b\n  kind: c\n"),
            ["plugins.yaml:4: kind: is given twice, and the last one counts (the first is on line 3)"]
        );
        let found = warnings(
            "{% for x in [1] %}\n\n{% endfor %}\nplugins:\n- name: a\n  kind: b\n  version: '{{ env.V }}'\n",
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("plugins.yaml:7: env.V: the variable is not set"),
            "{found:?}"
        );
    }

    #[test]
    fn time_and_entries_grow_alike() {
        let file = |count: usize| -> String {
            let entries = (0..count)
                .map(|index| format!("- {{name: p{index}, kind: k, config: {{a: [1, 2], b: {{c: x}}}}}}\n"));
            format!("plugins:\n{}", entries.collect::<String>())
        };
        let time = |count: usize| {
            let source = file(count);
            let once = || {
                let started = std::time::Instant::now();
                let (read, findings) = read(&source);
                assert_eq!((read.entries.len(), findings.problems.len()), (count, 0));
                started.elapsed()
            };
            // The machine may be busy.
            (0..3).map(|_| once()).min().unwrap()
        };
        let (short, long) = (time(1_000), time(16_000));
        assert!(
            long < short * 64,
            "{short:?} for 1,000 entries, {long:?} for 16,000"
        );
    }

    #[test]
    fn all_mistakes_are_found_at_once() {
        let found = problems(
            "plugins:\n- {name: 1, mode: x}\n- {name: a, kind: b}\n- {name: c, kind: d, tags: null}\n",
        );
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn what_hosts_ignore_is_a_warning() {
        let found = warnings("plugin: []\nplugins: [{name: a, kind: b, hook: [], grpc: {}}]\n");
        assert_eq!(
            found,
            [
                "plugins.yaml:1: plugin: unknown key, ignored, did you mean \"plugins\"?",
                "plugins.yaml:2: plugins[0].hook: unknown key, ignored, did you mean \"hooks\"?",
                "plugins.yaml:2: plugins[0].grpc: is ignored: it belongs into the gateway's file, where it points at this server",
            ]
        );
        assert_eq!(warnings("plugins: []\nplugin_settings: {a: 1}\n").len(), 1);
        assert_eq!(
            warnings("plugins: [{name: a, kind: b}, {name: A, kind: b}]").len(),
            1
        );
        assert_eq!(
            warnings("plugins: [{name: a, kind: b, capabilities: read_headers}]").len(),
            1
        );
    }

    #[test]
    fn a_section_keeps_its_values_as_written() {
        let (file, _) =
            read("unix_socket_server_settings:\n  path: /run/a.sock\n  mode: 0660\n  call_timeout: 2.5\n");
        let section = file.section(UNIX_SECTION).unwrap();
        let found: Vec<_> = section
            .settings
            .iter()
            .map(|it| (it.key.as_str(), it.value.as_deref(), it.line))
            .collect();
        assert_eq!(
            found,
            [
                ("path", Some("/run/a.sock"), 2),
                ("mode", Some("0660"), 3),
                ("call_timeout", Some("2.5"), 4)
            ]
        );
    }
}
