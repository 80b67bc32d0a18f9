//! The settings, from `config` in the YAML.

use std::collections::BTreeMap;

use plugin_sdk::PluginError;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// What is taken for a secret.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// How sure the detector must be, from 0 to 1. At 0.7, long random-looking words are secrets too, and with them
    /// checksums and commit hashes.
    pub(crate) minimum_confidence: f32,
    /// The names of fields whose strings and numbers are secrets whatever they are, in any letter case.
    pub(crate) secret_fields: Vec<String>,
    /// Further secrets: a regular expression for each name.
    pub(crate) patterns: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        let fields = [
            "password",
            "passwd",
            "secret",
            "client_secret",
            "api_key",
            "apikey",
            "access_token",
            "refresh_token",
            "private_key",
            "authorization",
        ];
        Self {
            minimum_confidence: 0.8,
            secret_fields: fields.map(str::to_owned).into(),
            patterns: BTreeMap::new(),
        }
    }
}

/// The largest program that a pattern may compile to: 1 MiB.
const PATTERN_SIZE: usize = 1 << 20;

/// A regular expression of the operator and the name of what it finds.
pub(crate) type Pattern = (String, Regex);

/// Compiles the patterns; a mistake is told once, at the start.
pub(crate) fn compile(patterns: &BTreeMap<String, String>) -> Result<Vec<Pattern>, PluginError> {
    let compiled = patterns.iter().map(|(name, pattern)| {
        let regex = RegexBuilder::new(pattern)
            .size_limit(PATTERN_SIZE)
            .build()
            .map_err(|error| PluginError::new(format!("config.patterns.{name}: {error}")))?;
        if regex.is_match("") {
            return Err(PluginError::new(format!(
                "config.patterns.{name} matches the empty text, so every text: write what a secret has at least"
            )));
        }
        Ok((name.clone(), regex))
    });
    compiled.collect()
}
