//! The settings, from `config` in the YAML. Relative paths start at the working directory.

use std::path::PathBuf;

use serde::Deserialize;

/// Where the policies are, and what happens where they are silent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The policies.
    pub(crate) policies: PathBuf,
    /// What principals, actions, resources and contexts there are; the policies are checked against it.
    pub(crate) schema: PathBuf,
    /// The users and their teams, as JSON; none by default.
    pub(crate) entities: Option<PathBuf>,
    /// What happens to a request that no policy is about.
    #[serde(default)]
    pub(crate) undecided: Undecided,
}

/// What happens to a request that no policy is about.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Undecided {
    /// It is denied, as Cedar has it.
    #[default]
    Deny,
    /// The gateway decides with its own roles.
    Pass,
}
