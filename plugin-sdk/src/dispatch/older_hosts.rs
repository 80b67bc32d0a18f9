//! Configurations for hosts up to 1.0.0, which check one before they use it and know only the older names of modes
//! ([protocol, section
//! 1.2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#12-host-versions)).

use crate::value::{Map, Value};

/// What an older host is told in place of `reported`.
///
/// Such a host has four modes, and no `on_error`: what an error does is part of the mode. A mode that it does not know becomes
/// the nearest that it does: `concurrent` may block, as `enforce` does; `audit` and `fire_and_forget` may not, as `permissive`
/// does not.
pub(super) fn translated(reported: &Map) -> Map {
    let word = |key: &str| reported.get(key).and_then(Value::as_str);
    let ignores_errors = matches!(word("on_error"), Some("ignore" | "disable"));
    let mode = match word("mode") {
        None | Some("sequential" | "concurrent" | "enforce") if ignores_errors => "enforce_ignore_error",
        None => return reported.clone(),
        Some("sequential" | "concurrent") => "enforce",
        Some("transform" | "audit" | "fire_and_forget") => "permissive",
        Some(known) => known,
    };
    let mut translated = reported.clone();
    translated.insert("mode".to_owned(), mode.into());
    if mode == "enforce_ignore_error" {
        // A newer host that calls by the older name takes this mode for `on_error: ignore`, unless another is given.
        translated.remove("on_error");
    }
    translated
}

/// What a host is told of which nothing says how old it is: names that every host takes for the same. Where only newer hosts
/// have a word for it, theirs is kept.
pub(super) fn for_all(reported: &Map) -> Map {
    let word = |key: &str| reported.get(key).and_then(Value::as_str);
    let mode = match (word("mode"), word("on_error")) {
        (None | Some("sequential"), Some("ignore")) => Some("enforce_ignore_error"),
        (Some("sequential"), _) => None,
        (Some("transform"), _) => Some("permissive"),
        _ => return reported.clone(),
    };
    let mut translated = reported.clone();
    match mode {
        Some(mode) => drop(translated.insert("mode".to_owned(), mode.into())),
        // What every host takes for granted.
        None => drop(translated.remove("mode")),
    }
    if mode == Some("enforce_ignore_error") {
        translated.remove("on_error");
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translate(translated: fn(&Map) -> Map, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let reported: Map = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
            .collect();
        translated(&reported)
            .into_iter()
            .map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned()))
            .collect()
    }

    #[test]
    fn modes_have_their_older_names() {
        for (reported, expected) in [
            (&[("mode", "sequential")][..], &[("mode", "enforce")][..]),
            (
                &[("mode", "sequential"), ("on_error", "fail")],
                &[("mode", "enforce"), ("on_error", "fail")],
            ),
            (
                &[("mode", "sequential"), ("on_error", "ignore")],
                &[("mode", "enforce_ignore_error")],
            ),
            (
                &[("mode", "enforce"), ("on_error", "disable")],
                &[("mode", "enforce_ignore_error")],
            ),
            (&[("on_error", "ignore")], &[("mode", "enforce_ignore_error")]),
            (&[("mode", "transform")], &[("mode", "permissive")]),
            (&[("mode", "audit")], &[("mode", "permissive")]),
            (&[("mode", "fire_and_forget")], &[("mode", "permissive")]),
            (&[("mode", "concurrent")], &[("mode", "enforce")]),
            (&[("mode", "disabled")], &[("mode", "disabled")]),
            (&[("mode", "permissive")], &[("mode", "permissive")]),
            (&[("name", "a")], &[("name", "a")]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(translate(translated, reported), expected, "{reported:?}");
        }
    }
    #[test]
    fn a_host_of_unknown_age_gets_names_that_mean_the_same_to_all() {
        for (reported, expected) in [
            (&[("mode", "sequential")][..], &[][..]),
            (
                &[("mode", "sequential"), ("on_error", "fail")],
                &[("on_error", "fail")],
            ),
            (
                &[("mode", "sequential"), ("on_error", "ignore")],
                &[("mode", "enforce_ignore_error")],
            ),
            (&[("on_error", "ignore")], &[("mode", "enforce_ignore_error")]),
            // Older hosts can't disable; to newer ones it must not become `ignore`.
            (
                &[("mode", "sequential"), ("on_error", "disable")],
                &[("on_error", "disable")],
            ),
            (
                &[("mode", "transform"), ("priority", "1")],
                &[("mode", "permissive"), ("priority", "1")],
            ),
            (&[("mode", "audit")], &[("mode", "audit")]),
            (&[("mode", "concurrent")], &[("mode", "concurrent")]),
            (&[("mode", "permissive")], &[("mode", "permissive")]),
            (
                &[("mode", "enforce_ignore_error")],
                &[("mode", "enforce_ignore_error")],
            ),
            (&[("name", "a")], &[("name", "a")]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(translate(for_all, reported), expected, "{reported:?}");
        }
    }
}
