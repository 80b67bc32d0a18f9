//! The template of a configuration file, as an operator meets it.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{run, server};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-plugin");

/// The exit status of `check` and what it prints, about a plugin with these settings.
fn check(settings: &str, flags: &[&str]) -> (Option<i32>, String) {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("plugins.yaml");
    let text = format!("plugins:\n- name: Faults\n  kind: faults\n  description: '{settings}'\n");
    fs::write(&file, text).unwrap();
    let arguments = [&["check", "--config", file.to_str().unwrap()], flags].concat();
    let (output, text) = run(PROGRAM, &arguments, &[("WORD", "x")]);
    (output.status.code(), text)
}

#[test]
fn a_variable_that_is_not_set_is_a_warning_and_an_error_with_strict() {
    let (status, text) = check("{{ env.WORD }}{{ env.NOT_SET }}", &[]);
    let found = text
        .lines()
        .any(|line| line.starts_with("warning: ") && line.contains("plugins.yaml:4: env.NOT_SET: "));
    assert!(found && !text.contains("env.WORD"), "{text}");
    assert_eq!(status, Some(0), "{text}");
    let (status, text) = check("{{ env.WORD }}{{ env.NOT_SET }}", &["--strict"]);
    let found = text
        .lines()
        .any(|line| line.starts_with("error: ") && line.contains("plugins.yaml:4: env.NOT_SET: "));
    assert!(found && !text.contains("warning: "), "{text}");
    assert_eq!(status, Some(1), "{text}");
}

#[test]
fn a_default_or_a_question_is_silent() {
    for settings in [
        "{{ env.NOT_SET | default(\"x\") }}",
        "{{ env.NOT_SET or \"x\" }}",
        "{% if env.NOT_SET %}{{ env.NOT_SET }}{% endif %}",
    ] {
        let (_, text) = check(settings, &["--strict"]);
        assert!(!text.contains("NOT_SET"), "{text}");
    }
}

#[test]
fn a_server_warns_at_its_start() {
    let server = server(
        "unix",
        ["server_settings", "{port: 8000} # {{ env.NOT_SET }}"],
        &[],
        &[],
    );
    let log = server.log();
    assert!(
        log.contains("WARN") && log.contains("env.NOT_SET: the variable is not set"),
        "{log}"
    );
}

#[test]
fn what_cannot_be_rendered_ends_soon_with_a_line_of_explanation() {
    let deep = format!("{{{{ {}1 }}}}", "not ".repeat(200_000));
    for (settings, said) in [
        (
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
            "too many steps",
        ),
        (
            "{% set n = namespace(a=\"x\") %}{% for i in range(99) %}{% set n.a = n.a ~ n.a %}{% endfor %}",
            "too much text",
        ),
        (
            "{% set n = namespace(a=[1]) %}{% for i in range(99) %}{% set n.a = [n.a, n.a] %}{% endfor %}{{ n.a }}",
            "the template ",
        ),
        (
            "{% set n = namespace(a=[1], b=[1]) %}{% for i in range(99) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}\
             {% endfor %}{{ n.a == n.b }}",
            "the template ",
        ),
        (
            "{% macro f(a, b, n) %}{% if n %}{{ f([a, a], [b, b], n - 1) }}{% else %}{{ a == b }}{% endif %}{% endmacro %}\
             {{ f([1], [1], 60) }}",
            "takes longer than 5 s",
        ),
        (deep.as_str(), "longer than 32768 bytes"),
    ] {
        let started = Instant::now();
        let (status, text) = check(settings, &[]);
        let found = text
            .lines()
            .any(|line| line.starts_with("error: ") && line.contains(said) && line.contains("plugins.yaml"));
        assert!(found, "{settings}: {text}");
        assert_eq!(status, Some(1));
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn a_file_that_has_no_end_is_refused() {
    let (output, text) = run(PROGRAM, &["check", "--config", "/dev/zero"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains("error: /dev/zero: the file is larger than 16 MiB"),
        "{text}"
    );
}
