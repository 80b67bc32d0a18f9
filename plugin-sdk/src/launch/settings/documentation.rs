//! The tables of settings in `docs/configuration.md`.

use std::{fmt::Write as _, fs, path::Path};

use super::{
    Setting, all,
    kind::Kind::{self, Count, Seconds, SecondsOr, Size},
};

const BEGIN: &str = "<!-- settings: begin -->\n";
const END: &str = "<!-- settings: end -->\n";

/// A table for each group of settings.
fn tables() -> String {
    let mut text = String::new();
    let settings: Vec<_> = all().collect();
    for group in settings.chunk_by(|one, other| std::ptr::eq(one.group, other.group)) {
        let heading = group[0].group.heading.unwrap_or("Program");
        let _ = writeln!(text, "\n### {heading}\n");
        if let Some(section) = group[0].group.section {
            let _ = writeln!(text, "Section `{section}`.\n");
        }
        text += "| Flag | Variable | Key | Default | Meaning |\n|---|---|---|---|---|\n";
        for setting in group {
            text += &row(setting);
        }
    }
    text + "\n"
}

fn row(setting: &Setting) -> String {
    let code = |text: &str| format!("`{text}`");
    let flag = setting.flag().map(|flag| code(&format!("--{flag}")));
    let variables = setting
        .variables()
        .iter()
        .map(|name| code(name))
        .collect::<Vec<_>>();
    let key = setting.group.section.map(|_| code(setting.key));
    let default = setting.default().map(|default| match setting.kind {
        Seconds(_) | SecondsOr(..) if default.parse::<f64>().is_ok() => format!("{default} s"),
        Kind::Own(_) => default,
        _ => code(&default),
    });
    let bound = match setting.kind {
        Count(most, _) => format!(" (1 to {most})"),
        Size(least, _) => format!(" (at least {least} bytes)"),
        _ => String::new(),
    };
    let [flag, key] = [flag, key].map(Option::unwrap_or_default);
    let default = default.unwrap_or_else(|| "none".to_owned());
    format!(
        "| {flag} | {} | {key} | {default} | {}{bound} |\n",
        variables.join(", "),
        setting.help
    )
}

/// Set `UPDATE_GENERATED=1` to write them.
#[test]
fn the_book_has_the_tables_of_settings() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let tables = tables();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(page, format!("{before}{BEGIN}{tables}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        shown, tables,
        "docs/configuration.md has other settings than the program: run this test with UPDATE_GENERATED=1"
    );
}

/// What is shown as a default can be written.
#[test]
fn a_default_is_allowed() {
    let mut settings = super::Settings::default();
    for setting in all() {
        if let Some(default) = setting.default() {
            assert!(
                setting.kind.apply(&mut settings, &default).is_some(),
                "{setting:?}: {default}"
            );
        }
    }
}
