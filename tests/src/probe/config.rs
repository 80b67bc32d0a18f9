//! The probe's settings. Keys that it does not read are left alone: hosts report them as the file has them.

use schemars::JsonSchema;
use serde::Deserialize;

/// The `config` section of an instance.
#[derive(Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct ProbeConfig {
    /// The words that are replaced.
    pub(super) words: Vec<Word>,
    /// A call with this word is denied.
    pub(super) deny_word: String,
    /// A call with this word fails.
    pub(super) fail_word: String,
}

/// A word and what takes its place.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Word {
    pub(super) search: String,
    pub(super) replace: String,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        let word = Word {
            search: "crap".into(),
            replace: "yikes".into(),
        };
        Self {
            words: vec![word],
            deny_word: "forbidden".into(),
            fail_word: "explode".into(),
        }
    }
}
