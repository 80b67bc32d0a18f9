//! Redacts one text after the other and keeps count of what was found.

use std::collections::BTreeMap;

use plugin_sdk::prelude::*;

use crate::{
    detect::{Kind, find},
    settings::{Action, Settings},
};

/// One call's way through its texts.
pub(crate) struct Redaction<'a> {
    settings: &'a Settings,
    redacted: BTreeMap<Kind, u64>,
    denied: BTreeMap<Kind, u64>,
}

impl<'a> Redaction<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            redacted: BTreeMap::new(),
            denied: BTreeMap::new(),
        }
    }

    /// Redacts a text in place.
    pub(crate) fn text(&mut self, text: &mut String) {
        let settings = self.settings;
        let found = find(text, |kind| settings.action(kind) != Action::Keep);
        // From the end, so that the ranges before it stay right.
        for (kind, range) in found.into_iter().rev() {
            let counts = match settings.action(kind) {
                Action::Deny => &mut self.denied,
                _ => &mut self.redacted,
            };
            *counts.entry(kind).or_default() += 1;
            let replacement = match settings.action(kind) {
                Action::Mask => mask(&text[range.clone()], settings.visible),
                _ => format!("[{}]", kind.name().to_uppercase()),
            };
            text.replace_range(range, &replacement);
        }
    }

    /// Redacts the strings of a value at any depth.
    pub(crate) fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            Value::Object(map) => self.map(map),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(crate) fn map(&mut self, map: &mut Map) {
        map.values_mut().for_each(|value| self.value(value));
    }

    /// The answer for the payload that was redacted: a payload goes back only if it changed.
    pub(crate) fn result<T>(self, payload: T) -> PluginResult<T> {
        if !self.denied.is_empty() {
            let kinds: Vec<_> = self.denied.keys().map(|kind| kind.name()).collect();
            let description = format!("The call contains personal data: {}", kinds.join(", "));
            // ContextForge answers this code with HTTP status 422. The data itself has no place in a violation.
            let violation = PluginViolation::new("Personal data", "PII_DETECTED")
                .with_description(description)
                .with_detail("kinds", kinds);
            return PluginResult::deny(violation);
        }
        if self.redacted.is_empty() {
            return PluginResult::allow();
        }
        let counts: Map = self
            .redacted
            .iter()
            .map(|(kind, count)| (kind.name(), *count))
            .collect();
        PluginResult::modify_payload(payload).with_metadata("redacted", counts)
    }
}

/// Covers all letters and digits but the last ones; never shows more than a third of them.
fn mask(value: &str, visible: usize) -> String {
    let count = value
        .chars()
        .filter(|character| character.is_alphanumeric())
        .count();
    let mut covered = count - visible.min(count / 3);
    value
        .chars()
        .map(|character| {
            if covered > 0 && character.is_alphanumeric() {
                covered -= 1;
                return '*';
            }
            character
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_leaves_the_end_and_what_is_between() {
        assert_eq!(mask("4111 1111 1111 1234", 4), "**** **** **** 1234");
        assert_eq!(mask("078-05-1120", 4), "***-**-*120");
        assert_eq!(mask("a@b.io", 4), "*@*.*o");
        assert_eq!(mask("192.0.2.17", 0), "***.*.*.**");
    }
}
