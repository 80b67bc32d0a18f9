//! One token: is it the issuer's, is it good, and what does it say?

use jsonwebtoken::{Validation, dangerous::insecure_decode_claims, decode, decode_header, errors::ErrorKind};
use plugin_sdk::prelude::*;

use crate::{
    keys::Keys,
    settings::{OtherTokens, Settings},
};

/// No issuer makes longer ones, and no HTTP server takes longer headers.
const LONGEST_TOKEN: usize = 16 * 1024;

/// What a token is worth.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It is good, and claims this.
    Claims(Map),
    /// It is another's: the gateway may know what to make of it.
    NotOurs,
    /// It is not good, for this reason.
    Rejected(String),
}

/// Checks tokens.
pub(crate) struct Tokens {
    keys: Keys,
    validation: Validation,
    issuer: String,
    others: OtherTokens,
}

impl Tokens {
    pub(crate) fn new(settings: &Settings) -> Result<Self, PluginError> {
        for (key, value) in [("issuer", &settings.issuer), ("audience", &settings.audience)] {
            if value.is_empty() {
                return Err(PluginError::new(format!(
                    "config.{key} is empty: every token would be taken"
                )));
            }
        }
        if settings.leeway_seconds > 300 {
            return Err(PluginError::new(format!(
                "config.leeway_seconds is {}: write at most 300, or tokens live much longer than they say",
                settings.leeway_seconds
            )));
        }
        let algorithm = settings.algorithm.into();
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = settings.leeway_seconds;
        Ok(Self {
            keys: Keys::read(&settings.keys, algorithm).map_err(PluginError::new)?,
            validation,
            issuer: settings.issuer.clone(),
            others: settings.other_tokens,
        })
    }

    /// What the token is worth. The reason of a rejection is for the caller, so it holds nothing of the token.
    pub(crate) fn check(&self, token: &str) -> Verdict {
        if token.len() > LONGEST_TOKEN {
            return Verdict::Rejected("the token is too long".to_owned());
        }
        // Before the signature is checked, this only tells which tokens are to be left alone.
        if self.others == OtherTokens::Pass && !self.says_it_is_ours(token) {
            return Verdict::NotOurs;
        }
        let Ok(header) = decode_header(token) else {
            return Verdict::Rejected("the token is no JWT".to_owned());
        };
        let Some(key) = self.keys.find(header.kid.as_deref()) else {
            return Verdict::Rejected("the token is signed with an unknown key".to_owned());
        };
        match decode::<Map>(token, key, &self.validation) {
            Ok(token) => Verdict::Claims(token.claims),
            Err(error) => Verdict::Rejected(reason(error.kind())),
        }
    }

    fn says_it_is_ours(&self, token: &str) -> bool {
        insecure_decode_claims::<Map>(token)
            .is_ok_and(|claims| claims.get("iss").and_then(Value::as_str) == Some(&self.issuer))
    }
}

fn reason(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::ExpiredSignature => "the token has expired".to_owned(),
        ErrorKind::ImmatureSignature => "the token is not valid yet".to_owned(),
        ErrorKind::InvalidIssuer => "the token is of another issuer".to_owned(),
        ErrorKind::InvalidAudience => "the token is for another audience".to_owned(),
        ErrorKind::InvalidAlgorithm => "the token is signed with another algorithm".to_owned(),
        ErrorKind::InvalidSignature => "the token's signature is wrong".to_owned(),
        ErrorKind::MissingRequiredClaim(claim) => format!("the token has no claim `{claim}`"),
        ErrorKind::InvalidClaimFormat(claim) => {
            format!("the token's claim `{claim}` is not of the right type")
        }
        _ => "the token is no JWT".to_owned(),
    }
}
