//! Finds secrets in texts and values, and puts their names in their place.

use std::collections::BTreeMap;

use cerberust::scanner::detect::{Span, detect_secrets, resolve_overlaps};
use plugin_sdk::prelude::*;

use crate::settings::{Pattern, Settings, compile};

/// The least and the most that a confidence can be.
const CONFIDENCE: std::ops::RangeInclusive<f32> = 0.0..=1.0;

/// What knows secrets when it sees them.
pub(crate) struct Masks {
    minimum_confidence: f32,
    /// In lower case.
    secret_fields: Vec<String>,
    patterns: Vec<Pattern>,
}

impl Masks {
    pub(crate) fn new(settings: &Settings) -> Result<Self, PluginError> {
        let minimum_confidence = settings.minimum_confidence;
        if !CONFIDENCE.contains(&minimum_confidence) {
            return Err(PluginError::new(format!(
                "config.minimum_confidence is {minimum_confidence}: write a number from 0 to 1; 0.8 is the default"
            )));
        }
        // The detector compiles its rules at its first text, which is not to be a caller's.
        let _ = detect_secrets("");
        Ok(Self {
            minimum_confidence,
            secret_fields: settings
                .secret_fields
                .iter()
                .map(|field| field.to_lowercase())
                .collect(),
            patterns: compile(&settings.patterns)?,
        })
    }

    /// The secrets in a text, in its order and without overlaps.
    fn find(&self, text: &str) -> Vec<Span> {
        let mut spans = detect_secrets(text);
        spans.retain(|span| span.confidence >= self.minimum_confidence);
        for (name, pattern) in &self.patterns {
            let found = pattern.find_iter(text).filter(|found| !found.is_empty());
            spans.extend(found.map(|found| Span::new(found.start(), found.end(), name, 1.0)));
        }
        resolve_overlaps(spans)
    }

    fn is_secret_field(&self, name: &str) -> bool {
        let name = name.to_lowercase().replace('-', "_");
        self.secret_fields.contains(&name)
    }
}

/// One call's way through its texts.
pub(crate) struct Masking<'a> {
    masks: &'a Masks,
    masked: BTreeMap<String, u64>,
}

impl<'a> Masking<'a> {
    pub(crate) fn new(masks: &'a Masks) -> Self {
        Self {
            masks,
            masked: BTreeMap::new(),
        }
    }

    /// Masks the secrets in a text.
    pub(crate) fn text(&mut self, text: &mut String) {
        // From the end, so that the places before it stay right.
        for span in self.masks.find(text).into_iter().rev() {
            text.replace_range(span.start..span.end, &format!("[{}]", span.ty));
            *self.masked.entry(span.ty).or_default() += 1;
        }
    }

    /// Masks the secrets in the strings of a value at any depth.
    pub(crate) fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            Value::Object(map) => self.map(map),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn map(&mut self, map: &mut Map) {
        let binary = binary_field(map);
        for (name, value) in map {
            if Some(name) == binary {
                continue;
            }
            if self.masks.is_secret_field(name) {
                self.secret(value);
            } else {
                self.value(value);
            }
        }
    }

    /// Masks a value that is a secret whatever it is. What an object in it holds has names of its own.
    fn secret(&mut self, value: &mut Value) {
        match value {
            Value::Number(_) => {}
            Value::String(text) if !text.is_empty() => {}
            Value::Array(values) => return values.iter_mut().for_each(|value| self.secret(value)),
            value => return self.value(value),
        }
        *value = Value::from("[SECRET]");
        *self.masked.entry("SECRET".to_owned()).or_default() += 1;
    }

    /// The answer for the payload that was masked: a payload goes back only if it changed.
    pub(crate) fn result<T>(self, payload: T) -> PluginResult<T> {
        if self.masked.is_empty() {
            return PluginResult::allow();
        }
        let counts: Map = self.masked.into_iter().collect();
        PluginResult::modify_payload(payload).with_metadata("masked", counts)
    }
}

/// The field that holds a picture, a sound or a file in base64: to a detector it is one long secret, and masked it would be
/// broken.
fn binary_field(map: &Map) -> Option<&'static str> {
    match map.get("type").and_then(Value::as_str) {
        Some("image" | "audio") => Some("data"),
        // The contents of a resource have a URI.
        _ if map.contains_key("uri") => Some("blob"),
        _ => None,
    }
}
