//! What can't be generated is refused, with a message that says why and what to do.

use super::generate::{fresh, try_generate};

/// What is said to these values, and whether a folder is left, which is empty.
fn refusal(template: &str, name: &str, values: &[(&str, &str)]) -> (String, bool) {
    let directory = fresh(&format!("refused-{template}-{name}"));
    let output = try_generate(&directory, template, name, values);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{template} {name} {values:?}\n{said}");
    let left = directory.join(name);
    let files = left.read_dir().map(Iterator::count).unwrap_or_default();
    assert_eq!(files, 0, "{} is left", left.display());
    (said, left.exists())
}

#[test]
fn names_that_are_none_of_a_plugin() {
    for (name, why) in [
        ("2fast", "it must begin with a letter"),
        ("snake_case", "lower-case letters, digits and hyphens"),
        ("wörter", "lower-case letters, digits and hyphens"),
        (
            "a-name-that-is-far-too-long-for-what-is-made-out-of-it",
            "longer than 50",
        ),
        ("async", "a meaning of its own"),
        ("test", "a meaning of its own"),
        ("deps", "a meaning of its own"),
        ("serde", "depends on a crate of that name"),
        ("serde-json", "depends on a crate of that name"),
        ("tokio", "depends on a crate of that name"),
        ("plugin-sdk", "depends on a crate of that name"),
        ("plugin-sdk-proto", "depends on a crate of that name"),
        ("plugin-result", "PluginResult"),
        ("result", "Result"),
        ("tool-pre-invoke-payload", "ToolPreInvokePayload"),
    ] {
        let (said, is_folder_left) = refusal("plugin", name, &[]);
        assert!(!is_folder_left, "{name}");
        for part in [
            &format!("\"{name}\" can't be the name of a plugin"),
            why,
            "for example \"word-filter\"",
        ] {
            assert!(said.contains(part), "{name}: {part:?} is not in:\n{said}");
        }
    }
    let (said, _) = refusal("plugin", "one", &[("project-name", "another")]);
    assert!(said.contains("set it with --name"), "{said}");
}

#[test]
fn answers_that_there_are_not() {
    for (template, values, words) in [
        (
            "plugin",
            &[("hooks", "tool_pre_invok")][..],
            &["tool_pre_invok", "not a valid value for hooks"][..],
        ),
        (
            "plugin",
            &[("hooks", "cmf.llm_input")],
            &["cmf.llm_input", "not a valid value for hooks"],
        ),
        (
            "plugin",
            &[("hooks", "evaluate,tool_pre_invoke")],
            &["not a valid value for hooks"],
        ),
        (
            "plugin",
            &[("hook", "evaluate")],
            &[
                "answer \"hooks\"",
                "-d hooks=tool_pre_invoke",
                "Remove the empty folder",
            ],
        ),
        (
            "plugin-full",
            &[("hook", "evaluate")],
            &[
                "answer \"hooks\"",
                "-d hooks=tool_pre_invoke",
                "Remove the empty folder",
            ],
        ),
        (
            "plugin-full",
            &[("hooks", "evaluate,exaluate")],
            &["exaluate", "not a valid value for hooks"],
        ),
        (
            "plugin-full",
            &[("hooks", "")],
            &["choose at least one", "-d hooks=tool_pre_invoke"],
        ),
        (
            "plugin",
            &[("transports", "")],
            &["choose at least one", "-d transports=unix"],
        ),
        (
            "plugin",
            &[("transports", "tcp")],
            &["tcp", "not a valid value for transports"],
        ),
        ("plugin", &[("sdk", "svn")], &["svn", "not a valid value for sdk"]),
        (
            "plugin",
            &[("sdk", "path"), ("sdk_path", "a\"b")],
            &["not a valid value for sdk_path"],
        ),
        (
            "plugin",
            &[("sdk_revision", "a\", b = \"")],
            &["not a valid value for sdk_revision"],
        ),
        (
            "plugin",
            &[("sdk", "crates.io"), ("sdk_version", "\"")],
            &["not a valid value for sdk_version"],
        ),
    ] {
        // Cargo-generate makes the folder before it reads answers, and the documentation says so.
        let (said, is_folder_left) = refusal(template, "refused", values);
        assert!(is_folder_left, "{values:?}: the documentation says otherwise");
        for word in words {
            assert!(said.contains(word), "{values:?}: {word:?} is not in:\n{said}");
        }
    }
}
