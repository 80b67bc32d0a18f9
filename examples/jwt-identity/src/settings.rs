//! The settings, from `config` in the YAML.

use std::path::PathBuf;

use serde::Deserialize;

/// Whose tokens are trusted, and what their claims are called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where the issuer's public keys are.
    pub(crate) keys: KeyFile,
    /// The one algorithm that the issuer signs with. Only those with a public key: with a shared secret, whoever can check a
    /// token could make one.
    pub(crate) algorithm: Algorithm,
    /// The issuer, as `iss` has it.
    pub(crate) issuer: String,
    /// For whom the tokens are, as `aud` has it: this gateway.
    pub(crate) audience: String,
    /// How far the clocks may differ, in seconds.
    #[serde(default = "leeway_seconds")]
    pub(crate) leeway_seconds: u64,
    /// What becomes of other tokens than the issuer's.
    #[serde(default)]
    pub(crate) other_tokens: OtherTokens,
    /// The names of the claims.
    #[serde(default)]
    pub(crate) claims: ClaimNames,
    /// The role of administrators; without it the plugin makes nobody one.
    pub(crate) admin_role: Option<String>,
}

/// A file with public keys; relative paths start at the working directory.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyFile {
    /// A JSON Web Key Set, as issuers publish it.
    Jwks(PathBuf),
    /// One public key (`BEGIN PUBLIC KEY`).
    Pem(PathBuf),
}

/// The algorithms with a public key.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::RS256 => Self::RS256,
            Algorithm::RS384 => Self::RS384,
            Algorithm::RS512 => Self::RS512,
            Algorithm::PS256 => Self::PS256,
            Algorithm::PS384 => Self::PS384,
            Algorithm::PS512 => Self::PS512,
            Algorithm::ES256 => Self::ES256,
            Algorithm::ES384 => Self::ES384,
            Algorithm::EdDSA => Self::EdDSA,
        }
    }
}

/// What becomes of a token that does not say it is the issuer's.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OtherTokens {
    /// The gateway authenticates it in its own way: its API keys and its own tokens go on working.
    #[default]
    Pass,
    /// It is rejected.
    Reject,
}

/// What the issuer calls things.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClaimNames {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) roles: String,
    pub(crate) teams: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            email: "email".to_owned(),
            name: "name".to_owned(),
            roles: "roles".to_owned(),
            teams: "groups".to_owned(),
        }
    }
}

fn leeway_seconds() -> u64 {
    30
}
