//! The settings, from `config` in the YAML.

use std::num::NonZeroU32;

use serde::Deserialize;

/// The limits and how much they may remember.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// A call must keep to all of them.
    pub(crate) limits: Vec<LimitSettings>,
    /// How many callers each limit tells apart at a time; further ones share one count. 24 bytes for each.
    #[serde(default = "max_callers")]
    pub(crate) max_callers: usize,
}

/// One limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitSettings {
    /// What has a count of its own: each user, each user with each tool, and so on. Empty for one count of all calls.
    pub(crate) per: Vec<Part>,
    /// So many calls…
    pub(crate) calls: NonZeroU32,
    /// …in so many seconds.
    pub(crate) seconds: NonZeroU32,
    /// How many of them may come at once; all by default.
    pub(crate) burst: Option<NonZeroU32>,
    /// The tools, prompts, resources and agents it counts; all by default.
    pub(crate) targets: Option<Vec<String>>,
}

/// What tells callers apart.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// The user's e-mail address. Calls without a user share a count.
    User,
    /// The tenant. Calls without a tenant share a count.
    Tenant,
    /// The virtual server.
    Server,
    /// The tool, the prompt, the resource or the agent.
    Target,
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Tenant => "tenant",
            Self::Server => "server",
            Self::Target => "target",
        }
    }
}

fn max_callers() -> usize {
    10_000
}
